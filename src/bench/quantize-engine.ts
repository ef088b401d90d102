// The engine of `bitrow quantize` on a table in memory, its output dropped: rows/s by one thread and by two, which must make the
// same of it.
import { createHash } from 'node:crypto';
import { blockTeam } from '../posttraining/block-team.js';
import { blockRowsOf } from '../posttraining/block-work.js';
import { type PreparedTable, prepareTable } from '../posttraining/prepare-table.js';
import { type BlockTeam, type MakeTeam, quantizeTable } from '../posttraining/quantize-table.js';
import type { RowSource } from '../posttraining/quantizer.js';
import type { BenchmarkOptions } from './benchmark.js';

const ROUNDS = 9;
const threadCounts = [1, 2] as const;
const cases = [
  { method: 'minmax', bits: 4, rows: 200_000 },
  { method: 'greedy-torch', bits: 4, rows: 40_000 },
] as const;

/** Rows/s of each round, by threads. */
export interface EngineRates {
  method: string;
  bits: number;
  rows: number;
  byThreads: Record<(typeof threadCounts)[number], number[]>;
}

/** Values (n, dim). */
export async function engineRates(
  values: Float32Array,
  dim: number,
  { onProgress, signal }: BenchmarkOptions,
): Promise<EngineRates[]> {
  const results: EngineRates[] = [];
  for (const { method, bits, rows } of cases) {
    const source: RowSource = {
      name: 'rows',
      rows,
      dim,
      async read(first, out) {
        out.set(values.subarray(first * dim, first * dim + out.length));
      },
    };
    const prepared = await prepareTable(source, { method, bits, layout: 'torch-rows' });
    const teams = await startTeams(prepared);
    try {
      const [one, two] = [await hashOf(prepared, teams[0]), await hashOf(prepared, teams[1])];
      if (one !== two) throw new Error(`${method} on two threads gives other bytes than on one.`);
      const byThreads: EngineRates['byThreads'] = { 1: [], 2: [] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, threads] of threadCounts.entries()) {
          signal.throwIfAborted();
          const began = performance.now();
          await quantizeTable(prepared, { write: async () => {} }, { team: lent(teams[i]) });
          byThreads[threads].push((rows / (performance.now() - began)) * 1000);
        }
        onProgress({ stage: `engine, ${method}`, done: round + 1, total: ROUNDS });
      }
      results.push({ method, bits, rows, byThreads });
    } finally {
      await Promise.all(teams.map((team) => team.close()));
    }
  }
  return results;
}

/** Started once: how long threads take to start is not what is measured. */
function startTeams(prepared: PreparedTable): Promise<BlockTeam[]> {
  const blockRows = blockRowsOf(prepared.table.dim);
  return Promise.all(threadCounts.map((threads) => blockTeam(threads)(prepared, blockRows)));
}

function lent(team: BlockTeam): MakeTeam {
  return async () => ({ ...team, close: async () => {} });
}

async function hashOf(prepared: PreparedTable, team: BlockTeam): Promise<string> {
  const hash = createHash('sha256');
  const sink = {
    write: async (_: unknown, chunk: NodeJS.ArrayBufferView) => {
      hash.update(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    },
  };
  await quantizeTable(prepared, sink, { team: lent(team) });
  return hash.digest('hex');
}
