// The smallest values of a table against sorting all of them: exactly as many, ties in the order of rows, rows never
// written counted, whatever the shards.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallTable } from '../../test/small-table.js';
import { adam, adamDefaults } from '../optimizers/adam.js';
import type { Storage } from './layout.js';
import { findSmallest, shareOf, zeroSmallest } from './smallest.js';
import { Table } from './table.js';
import { setSmallest, thresholdStorage } from './threshold-view.js';

const storage: Storage = { bits: 32, tableStep: 1, hasRowStep: false, ...thresholdStorage };

interface Case {
  rows: number;
  dim: number;
  /** Percentage of the rows that are written, with a few whole numbers, so that many values are equal. */
  written: number;
  seed: number;
  isSharded: boolean;
}

const cases: fc.Arbitrary<Case & { share: number }> = fc.record({
  rows: fc.integer({ min: 1, max: 1300 }),
  dim: fc.integer({ min: 1, max: 6 }),
  written: fc.constantFrom(0, 10, 60, 100),
  seed: fc.nat(),
  isSharded: fc.boolean(),
  // In thousandths: doubles of fast-check are mostly close to an end.
  share: fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000),
});

function build({ rows, dim, written, seed, isSharded }: Case): Table {
  const optimizer = adam.create(adamDefaults);
  const memory = smallTable({
    dim,
    offsets: [0, Math.floor(rows / 2), rows],
    storage,
    optimizer,
    seed,
    deviation: 1e-4,
    shardBytes: isSharded ? 2 ** 17 + 2 ** 16 * dim : 2 ** 31,
  });
  const table = new Table(memory, 0);
  const list = rowsOf(table).filter((row) => (row * 7919 + seed) % 100 < written);
  table.touch(list);
  const values = new Float32Array(list.length * dim);
  table.readStored(list, values);
  // From the value that is there to one of −2 … 2: exact, since all are small beside it or it is all there is.
  // Neighbours are often equal, and the place of the last one to be zero may be between them.
  const targets = values.map((_, i) => ((seed + (i >> 1)) % 5) - 2);
  table.writeValues(
    list,
    values.map((value) => -value),
  );
  table.writeValues(list, targets);
  return table;
}

const rowsOf = (table: Table) => Uint32Array.from({ length: table.rows }, (_, row) => row);

function stored(table: Table): Float32Array {
  const values = new Float32Array(table.rows * table.spec.dim);
  table.readStored(rowsOf(table), values);
  return values;
}

function read(table: Table): Float32Array {
  const values = new Float32Array(table.rows * table.spec.dim);
  table.read(rowsOf(table), values);
  return values;
}

/** Quick to compare, and in every bit. */
const bytes = (values: Float32Array) => Buffer.from(values.buffer);

/** By the definition: the `count` smallest of all, of equal ones the first. */
function pruned(values: Float32Array, count: number): Float32Array {
  const order = [...values.keys()].sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]) || a - b);
  const out = values.slice();
  for (const place of order.slice(0, count)) out[place] = 0;
  return out;
}

describe('the smallest values of a table', () => {
  it('are read as zero, as many as asked for, and written as zero alike', () => {
    fc.assert(
      fc.property(cases, ({ share, ...given }) => {
        const table = build(given);
        const before = stored(table);
        const count = shareOf(table, share);
        const smallest = findSmallest(table, count);
        const expected = pruned(before, count);
        setSmallest(table, smallest);
        expect(bytes(read(table)).equals(bytes(expected))).toBe(true);
        expect(bytes(stored(table)).equals(bytes(before))).toBe(true);
        zeroSmallest(table, smallest);
        expect(bytes(stored(table)).equals(bytes(expected))).toBe(true);
        // Zeros are the smallest of all: once more, and more of them.
        zeroSmallest(table, findSmallest(table, count));
        expect(bytes(stored(table)).equals(bytes(expected))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('are none in the beginning', () => {
    const table = build({ rows: 50, dim: 3, written: 0, seed: 1, isSharded: false });
    expect(read(table)).toEqual(stored(table));
    expect(findSmallest(table, 0)).toEqual({ threshold: 0, row: 0, element: 0 });
  });

  it('are counted out of values of every size, the least denormal ones too', () => {
    const table = build({ rows: 6, dim: 1, written: 100, seed: 0, isSharded: false });
    table.writeValues(
      rowsOf(table),
      stored(table).map((value) => -value),
    );
    const values = Float32Array.of(-3e38, 1.4e-45, -1e-40, 1, -1.1754944e-38, 65535);
    table.writeValues(rowsOf(table), values);
    for (const [count, zeros] of [
      [1, [1]],
      [2, [1, 2]],
      [3, [1, 2, 4]],
      [5, [1, 2, 4, 3, 5]],
    ] as const) {
      setSmallest(table, findSmallest(table, count));
      const seen = read(table);
      expect(seen).toEqual(
        values.map((value, row) => ((zeros as readonly number[]).includes(row) ? 0 : value)),
      );
    }
  });
});
