// What `bitrow bench serve` prints.
import { bytes } from '../reports/numbers.js';
import { type Spread, spread } from './benchmark.js';
import type { Load } from './serve-load.js';

/** Servers under the same load, ours first. */
export interface ThroughputCase {
  bits: number;
  /** Of a request. */
  rows: number;
  servers: { name: string; loads: Load[] }[];
}

/** What a table costs in a process. */
export interface MemoryCase {
  bits: number;
  features: number;
  takes: 'rows' | 'ids';
  ours: number;
  theirs: number;
}

/** Medians and quartiles over the rounds, and what they come to. */
interface Case {
  bits: number;
  rows: number;
  servers: { name: string; requestsPerSecond: Spread; p50Ms: Spread; p99Ms: Spread }[];
  throughputRatio: number;
  p99Ratio: number;
}

export function report(throughput: readonly ThroughputCase[], memory: readonly MemoryCase[]) {
  const cases = throughput.map((one): Case => {
    const { bits, rows, servers } = one;
    const measured = servers.map(({ name, loads }) => ({
      name,
      requestsPerSecond: spread(loads.map(({ requestsPerSecond }) => requestsPerSecond)),
      p50Ms: spread(loads.map(({ p50Ms }) => p50Ms)),
      p99Ms: spread(loads.map(({ p99Ms }) => p99Ms)),
    }));
    const [ours, ...others] = measured;
    // Their better setting counts.
    const best = others.reduce((a, b) => (b.requestsPerSecond.median > a.requestsPerSecond.median ? b : a));
    return {
      ...{ bits, rows, servers: measured },
      throughputRatio: ours.requestsPerSecond.median / best.requestsPerSecond.median,
      p99Ratio: ours.p99Ms.median / best.p99Ms.median,
    };
  });
  const memories = memory.map((one) => ({ ...one, ratio: one.ours / one.theirs }));
  return { text: textOf(cases, memories), json: { cases, memory: memories } };
}

function textOf(cases: readonly Case[], memories: readonly (MemoryCase & { ratio: number })[]): string {
  const lines = ['serve: 100 connections, autocannon on loopback; medians (quartiles)'];
  for (const { bits, rows, servers, throughputRatio, p99Ratio } of cases) {
    lines.push(`  ${bits} bits, ${rows} ${rows === 1 ? 'row' : 'rows'} a request`);
    for (const { name, requestsPerSecond: rate, p50Ms, p99Ms } of servers) {
      const rates = `${rate.median.toFixed(0)} requests/s (${rate.low.toFixed(0)} to ${rate.high.toFixed(0)})`;
      lines.push(
        `    ${name.padEnd(26)}${rates.padEnd(36)}${(rate.median * rows).toFixed(0)} rows/s, p50 ${p50Ms.median} ms, p99 ${p99Ms.median} ms`,
      );
    }
    lines.push(
      `    ${throughputRatio.toFixed(2)} times their throughput at ${p99Ratio.toFixed(2)} times their p99`,
    );
  }
  for (const { bits, features, takes, ours, theirs, ratio } of memories) {
    lines.push(
      `  memory of ${features.toLocaleString('en-US')} rows, ${bits} bits, asked with ${takes === 'rows' ? 'raw values' : 'ids'}: ${bytes(ours)} against ${bytes(theirs)} in fp32, ${ratio.toFixed(2)} times`,
    );
  }
  return lines.join('\n');
}
