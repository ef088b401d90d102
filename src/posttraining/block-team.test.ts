// Threads that work on the blocks of a table: what they make is what one thread makes, and they end when they should.
import { createHash, type Hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { blockTeam } from './block-team.js';
import { blockRowsOf } from './block-work.js';
import { prepareTable, type TableQuantization } from './prepare-table.js';
import { quantizeTable } from './quantize-table.js';
import type { RowSource } from './quantizer.js';

const dim = 512;
// Six blocks, the last one short.
const rows = 5 * blockRowsOf(dim) + 7;
const values = Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i * i) ** 3);

function tableOf(given: Float32Array): RowSource {
  return {
    name: 'emb',
    rows: given.length / dim,
    dim,
    async read(first, out) {
      out.set(given.subarray(first * dim, first * dim + out.length));
    },
  };
}

async function quantize(
  given: Float32Array,
  { threads, signal, ...to }: TableQuantization & { threads: number; signal?: AbortSignal },
) {
  const prepared = await prepareTable(tableOf(given), to);
  const written: Record<string, Hash> = {};
  const progress: number[] = [];
  const sums = await quantizeTable(
    prepared,
    {
      async write({ suffix }, chunk) {
        written[suffix] ??= createHash('sha256');
        written[suffix].update(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      },
    },
    { team: blockTeam(threads), onProgress: (done) => progress.push(done), signal },
  );
  const hashes = Object.fromEntries(
    Object.entries(written).map(([name, hash]) => [name, hash.digest('hex')]),
  );
  return { hashes, sums, last: progress.at(-1) };
}

describe('threads', () => {
  it.each([
    { method: 'minmax', bits: 4, layout: 'torch-rows' },
    { method: 'minmax', bits: 8 },
    { method: 'symmetric', bits: 2 },
    { method: 'table-minmax', bits: 4 },
  ] as const)('make of $method at $bits bits what one makes', async (to) => {
    const one = await quantize(values, { ...to, threads: 1 });
    expect(one.last).toBe(rows);
    for (const threads of [2, 3]) expect(await quantize(values, { ...to, threads })).toEqual(one);
  });

  it('name the row that cannot be quantized, as one does', async () => {
    const bad = values.slice();
    const row = 3 * blockRowsOf(dim) + 5;
    bad[row * dim + 17] = Number.NaN;
    for (const threads of [1, 2]) {
      const refused = quantize(bad, { method: 'minmax', bits: 4, threads });
      await expect(refused).rejects.toThrow(
        `Table 'emb', row ${row}, column 17 is NaN: only finite numbers can be quantized.`,
      );
      await expect(refused).rejects.toBeInstanceOf(UserError);
    }
  });

  it('end when nobody wants their work any more', async () => {
    const controller = new AbortController();
    const stopped = quantize(values, { method: 'minmax', bits: 4, threads: 2, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
  });
});

it('leaves a quantizer that has read its table to one thread', async () => {
  for (const [method, lanes] of [
    ['table-minmax', 2],
    ['minmax', 6],
  ] as const) {
    const team = await blockTeam(3)(await prepareTable(tableOf(values), { method, bits: 8 }), 64);
    expect(team.lanes.length).toBe(lanes);
    await team.close();
  }
});
