// Rows ever written, as ranges, and their records as bytes: against a plain list of rows, over many shards.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { adam, adamDefaults } from '../optimizers/adam.js';
import { rowLayout, type Storage } from './layout.js';
import { allocateTable, type TableMemory } from './table-memory.js';
import { countWritten, readRecords, rowsIn, writeRecords, writtenRanges } from './table-records.js';

const storage: Storage = { bits: 8, tableStep: 0.01, hasRowStep: true };
const optimizer = adam.create(adamDefaults);

function build(V: number, shardBytes = 2 ** 31): TableMemory {
  const [dim, threads] = [1, 1];
  const layout = rowLayout(dim, storage, optimizer, optimizer);
  const rest = { name: 't', number: 0, offsets: [0, V], seed: 1, deviation: 0.1, threads, shardBytes };
  return allocateTable({ ...rest, dim, storage, layout });
}

/** Pairs (first row, number of rows) of ascending rows. */
function rangesOf(rows: readonly number[]): Uint32Array {
  const ranges: number[] = [];
  for (const [i, row] of rows.entries()) {
    if (i > 0 && row === rows[i - 1] + 1) ranges[ranges.length - 1]++;
    else ranges.push(row, 1);
  }
  return Uint32Array.from(ranges);
}

/** Marks rows as written, with steps that say which row it is. */
async function write(table: TableMemory, ranges: Uint32Array, rows: readonly number[]): Promise<void> {
  const bytes = new Uint8Array(Float32Array.from(rows).buffer);
  await writeRecords(table, ranges, 'steps', async (first, length) => bytes.subarray(first, first + length));
}

function joined(blocks: Iterable<Uint32Array>): number[] {
  const all: number[] = [];
  // Copied at once: a block is lent.
  for (const block of blocks) all.push(...block);
  return all;
}

it('lists the rows ever written as the fewest ranges, counts them, and gives back their bytes', async () => {
  const rows = fc.integer({ min: 1, max: 400 }).chain((V) =>
    fc.record({
      V: fc.constant(V),
      rows: fc.oneof(
        fc.uniqueArray(fc.integer({ min: 0, max: V - 1 }), { maxLength: V }),
        fc.constant(Array.from({ length: V }, (_, row) => row)),
      ),
      // Just above what a shard holds beside rows: few rows in each, none of them a whole number of words.
      isSharded: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(rows, async ({ V, rows, isSharded }) => {
      rows.sort((a, b) => a - b);
      const table = build(V, isSharded ? 2 ** 17 + 2000 : undefined);
      const ranges = rangesOf(rows);
      await write(table, ranges, rows);
      expect(joined(writtenRanges(table))).toEqual([...ranges]);
      expect(countWritten(table)).toEqual({
        rows: rows.length,
        tierRows: { cold: rows.length, hot: 0 },
        ranges: ranges.length / 2,
      });
      const steps = [...readRecords(table, ranges, 'steps')].flatMap((block) => [
        ...new Float32Array(block.slice().buffer),
      ]);
      expect(steps).toEqual(rows);
    }),
  );
  expect(build(400, 2 ** 17 + 2000).plans.length).toBeGreaterThan(2);
});

it('hands out ranges and records in blocks of one size, however many there are', async () => {
  const V = 600_000;
  const table = build(V);
  const rows = Array.from({ length: V / 2 }, (_, i) => 2 * i);
  await write(table, rangesOf(rows), rows);
  let [blocks, seen, wrong] = [0, 0, 0];
  for (const ranges of writtenRanges(table)) {
    blocks++;
    expect(ranges.byteLength).toBeLessThanOrEqual(2 ** 19);
    for (const block of readRecords(table, ranges, 'steps')) {
      expect(block.byteLength).toBeLessThanOrEqual(2 ** 20);
      for (const step of new Float32Array(block.slice().buffer)) wrong += step === rows[seen++] ? 0 : 1;
    }
  }
  expect([seen, wrong]).toEqual([rows.length, 0]);
  expect(blocks).toBe(Math.ceil(rows.length / 2 ** 16));
  expect(rowsIn(rangesOf(rows))).toBe(rows.length);
});
