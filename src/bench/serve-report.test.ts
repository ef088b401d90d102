import { expect, it } from 'vitest';
import { report } from './serve-report.js';

const load = (requestsPerSecond: number, p99Ms: number) => ({ requestsPerSecond, p50Ms: p99Ms / 2, p99Ms });

it('compares with the better of their settings, by medians over the rounds', () => {
  const servers = [
    { name: 'bitrow', loads: [load(300, 10), load(200, 20), load(900, 30)] },
    { name: 'fastify, 1 thread', loads: [load(50, 80), load(40, 60), load(60, 70)] },
    { name: 'fastify, default threads', loads: [load(100, 40), load(110, 50), load(90, 30)] },
  ];
  const { json, text } = report(
    [{ bits: 4, rows: 100, servers }],
    [{ bits: 4, features: 5e6, takes: 'ids', ours: 1e8, theirs: 4e8 }],
  );
  expect(json.cases).toMatchObject([{ bits: 4, rows: 100, throughputRatio: 3, p99Ratio: 0.5 }]);
  expect(json.memory).toMatchObject([{ ratio: 0.25 }]);
  expect(text).toContain('3.00 times their throughput at 0.50 times their p99');
  expect(text).toContain(
    'memory of 5,000,000 rows, 4 bits, asked with ids: 100 MB against 400 MB in fp32, 0.25 times',
  );
});
