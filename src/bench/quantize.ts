// Post-training quantization, rows/s at D = 64. First the same as PyTorch's prepack, rows in memory to fused rows in memory, by
// one thread, side by side with it: the bytes must be equal before anything is timed. Then the whole engine, which also checks
// every value and sums up every row's error, by one and by two threads.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Benchmark, BenchmarkOptions } from './benchmark.js';
import { fillGaussian } from './gaussian-rows.js';
import { engineRates } from './quantize-engine.js';
import { prepackedRows } from './quantize-prepack.js';
import { reportQuantize, type Timed } from './quantize-report.js';
import { startTorch, type TorchPeer } from './torch-peer.js';

export const QUANTIZE_DIM = 64;
/** 51 MB of values: more than the caches hold. */
const TABLE_ROWS = 200_000;
/**
 * Rows of a turn, from another place of the table each time. A turn takes a few milliseconds, which a busy machine still gives
 * in one piece; there are many of them.
 */
const ROWS = 20_000;
/** A greedy search takes a hundred times as long. */
const SEARCHED_ROWS = 64;
const ROUNDS = 60;

const cases = [
  { method: 'minmax', bits: 8, rows: ROWS },
  { method: 'minmax', bits: 4, rows: ROWS },
  { method: 'minmax', bits: 2, rows: ROWS },
  { method: 'greedy-torch', bits: 4, rows: SEARCHED_ROWS },
  { method: 'greedy-torch', bits: 2, rows: SEARCHED_ROWS },
  { method: 'greedy', bits: 4, rows: SEARCHED_ROWS },
  { method: 'greedy', bits: 2, rows: SEARCHED_ROWS },
] as const;
export type QuantizeCase = (typeof cases)[number];

export const quantize: Benchmark = {
  summary: "post-training quantization: rows/s beside PyTorch's prepack, two threads against one",
  async run(options) {
    const directory = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
    const values = new Float32Array(TABLE_ROWS * QUANTIZE_DIM);
    fillGaussian(values);
    const file = join(directory, 'table.f32');
    await writeFile(file, new Uint8Array(values.buffer));
    const torch = await startTorch(options.python, file, TABLE_ROWS, QUANTIZE_DIM);
    try {
      const timed = await prepack(values, typeof torch === 'string' ? undefined : torch, directory, options);
      const engine = await engineRates(values, QUANTIZE_DIM, options);
      return reportQuantize(timed, engine, typeof torch === 'string' ? torch : { version: torch.version });
    } finally {
      if (typeof torch !== 'string') torch.close();
      await rm(directory, { recursive: true });
    }
  },
};

/** Verifies, then lets all take turns. */
async function prepack(
  values: Float32Array,
  torch: TorchPeer | undefined,
  directory: string,
  { onProgress, signal }: BenchmarkOptions,
): Promise<Timed[]> {
  const table = await prepackedRows(values, QUANTIZE_DIM);
  const timed: Timed[] = [];
  for (const contest of cases) {
    const { method, bits, rows } = contest;
    const greedy = method === 'greedy-torch';
    const request = (first: number) => ({ do: 'prepack', bits, greedy, first, rows }) as const;
    const hasPeer = torch !== undefined && method !== 'greedy';
    const bytes = (await table.run({ ...contest, first: 0 })).bytes;
    if (hasPeer) {
      const store = join(directory, `${method}-${bits}.u8`);
      await torch.run({ ...request(0), store });
      verify(contest, bytes, await readFile(store));
    }
    timed.push({
      ...contest,
      ours: [],
      theirs: [],
      theirRate: hasPeer ? async (first) => rows / (await torch.run(request(first))) : undefined,
    });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const entry of timed) {
      signal.throwIfAborted();
      const first = (round * entry.rows) % TABLE_ROWS;
      // The peer begins a turn having slept, which a busy machine rewards.
      await setTimeout(2);
      entry.ours.push(entry.rows / (await table.run({ ...entry, first })).seconds);
      if (entry.theirRate) entry.theirs.push(await entry.theirRate(first));
    }
    onProgress({ stage: 'quantize', done: round + 1, total: ROUNDS });
  }
  return timed;
}

function verify({ method, bits, rows }: QuantizeCase, ours: Uint8Array, theirs: Uint8Array): void {
  const rowBytes = theirs.length / rows;
  const at = theirs.findIndex((byte, i) => byte !== ours[i]);
  if (ours.length === theirs.length && at < 0) return;
  throw new Error(
    `${method} at ${bits} bits: row ${Math.floor(at / rowBytes)} has other bytes than PyTorch's.`,
  );
}
