// Serving: `bitrow serve` on bundles of 8- and 4-bit tables beside what a user would write instead (fastify and
// onnxruntime-node on the fp32 ONNX model of the same values, vocabularies in a Map, no batching; one intra-op thread and the
// default), asked with the same raw values. All must answer the same probabilities before anything is measured. They take
// turns; throughput and latency are medians over the rounds. Memory is what a process has after 10,000 requests, less what it
// has with a table of 1,000 rows: what the table and its vocabularies cost.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, BenchmarkOptions } from './benchmark.js';
import { askServer, type Load, loadServer } from './serve-load.js';
import { makeServedModel, type ServedModel } from './serve-model.js';
import {
  bitrow,
  bitrowIds,
  fastify,
  type RunningServer,
  type ServerKind,
  startServer,
} from './serve-process.js';
import { type MemoryCase, report, type ThroughputCase } from './serve-report.js';

const FEATURES = 5_000_000;
const FEW_FEATURES = 1000;
const SECONDS = 5;
const ROUNDS = 5;
const BODIES = 200;
const WARM_REQUESTS = 10_000;
/** Of a probability: what fp32 logits within 1e-5 come to. */
const TOLERANCE = 1e-5;
const widths = [8, 4] as const;
const sizes = [1, 100] as const;

export const serve: Benchmark = {
  summary:
    'bitrow serve beside fastify with onnxruntime-node: requests/s, p99, memory of a table of 5 million rows',
  async run(options) {
    const { features = FEATURES, seconds = SECONDS } = options;
    const folder = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
    const { step, total } = progressOf(options);
    try {
      const throughput: ThroughputCase[] = [];
      const memory: MemoryCase[] = [];
      for (const bits of widths) {
        step(`make ${bits} bits`);
        const few = await makeServedModel(folder, FEW_FEATURES, bits);
        const model = await makeServedModel(folder, features, bits);
        throughput.push(...(await measureThroughput(model, seconds, options, step)));
        for (const [ours, theirs] of [
          [bitrow, fastify(1, 'rows')],
          [bitrowIds, fastify(1, 'ids')],
        ]) {
          step(`memory, ${ours.takes}`);
          const own = await measureMemory(ours, few, model, options);
          const other = await measureMemory(theirs, few, model, options);
          memory.push({ bits, features, takes: ours.takes, ours: own, theirs: other });
        }
      }
      options.onProgress({ stage: 'serve', done: total, total });
      return report(throughput, memory);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function progressOf({ onProgress }: BenchmarkOptions) {
  const total = widths.length * (1 + sizes.length * ROUNDS + 2);
  let done = 0;
  return { total, step: (stage: string) => onProgress({ stage, done: done++, total }) };
}

/** Servers of one model by turns. */
async function measureThroughput(
  model: ServedModel,
  seconds: number,
  { signal }: BenchmarkOptions,
  step: (stage: string) => void,
): Promise<ThroughputCase[]> {
  const kinds = [bitrow, fastify(1, 'rows'), fastify(0, 'rows')];
  const servers: RunningServer[] = [];
  try {
    for (const kind of kinds) servers.push(await startServer(kind, model, signal));
    const cases: ThroughputCase[] = [];
    for (const rows of sizes) {
      const bodies = bodiesOf(model, 'rows', rows);
      await verify(servers, bodies);
      const loads = servers.map((): Load[] => []);
      for (let round = 0; round < ROUNDS; round++) {
        step(`${model.bits} bits, ${rows} rows`);
        for (const [i, server] of servers.entries()) {
          signal.throwIfAborted();
          loads[i].push(await loadServer(server, bodies, { duration: seconds }));
        }
      }
      cases.push({
        bits: model.bits,
        rows,
        servers: servers.map(({ kind }, i) => ({ name: kind.name, loads: loads[i] })),
      });
    }
    return cases;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** @throws Error unless all give the same probabilities */
async function verify(
  [first, ...others]: readonly RunningServer[],
  bodies: readonly string[],
): Promise<void> {
  for (const body of bodies) {
    const expected = await askServer(first, body);
    for (const server of others) {
      const found = await askServer(server, body);
      const at = expected.findIndex((probability, i) => !(Math.abs(probability - found[i]) <= TOLERANCE));
      if (at < 0 && found.length === expected.length) continue;
      throw new Error(
        `'${server.kind.name}' answers ${found[at]} where '${first.kind.name}' answers ${expected[at]}.`,
      );
    }
  }
}

/** Bytes after warm requests with a table, less those with a small one. */
async function measureMemory(
  kind: ServerKind,
  few: ServedModel,
  model: ServedModel,
  { signal }: BenchmarkOptions,
): Promise<number> {
  const [small, large] = [await residentAfterLoad(few), await residentAfterLoad(model)];
  return large - small;

  async function residentAfterLoad(served: ServedModel): Promise<number> {
    signal.throwIfAborted();
    const server = await startServer(kind, served, signal);
    try {
      await loadServer(server, bodiesOf(served, kind.takes, 1), { amount: WARM_REQUESTS });
      return server.residentBytes();
    } finally {
      await server.stop();
    }
  }
}

function bodiesOf(model: ServedModel, takes: ServerKind['takes'], rows: number): string[] {
  return Array.from({ length: BODIES }, (_, i) => JSON.stringify(model[takes](i * rows, rows)));
}
