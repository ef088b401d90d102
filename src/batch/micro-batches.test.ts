import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microBatches } from './micro-batches.js';

describe('microBatches', () => {
  it.each([
    { batch: 10_000, number: 8, rows: 1264, last: 1152, lastPadded: 1152 },
    { batch: 4096, number: 4, rows: 1024, last: 1024, lastPadded: 1024 },
    { batch: 2000, number: 1, rows: 2000, last: 2000, lastPadded: 2000 },
    { batch: 2001, number: 2, rows: 1008, last: 993, lastPadded: 1008 },
    { batch: 1, number: 1, rows: 1, last: 1, lastPadded: 16 },
  ])('cuts $batch rows into $number', ({ batch, number, rows, last, lastPadded }) => {
    const cut = microBatches(batch);
    expect(cut.length).toBe(number);
    expect(cut[0].rows).toBe(rows);
    expect(cut.at(-1)).toMatchObject({ rows: last, paddedRows: lastPadded });
  });

  it('leaves out micro-batches that the rounding up left empty', () => {
    // 256 of 1,184 rows would be 303,104.
    expect(microBatches(300_000).length).toBe(254);
  });

  it('covers the batch in order, evenly, within the given rows', () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 16, max: 5000 }));
    fc.assert(
      fc.property(sizes, ([batch, mostRows]) => {
        const cut = microBatches(batch, mostRows);
        const full = cut.slice(0, -1);
        const ends = cut.map(({ firstRow, rows }) => firstRow + rows);
        expect(cut.map(({ firstRow }) => firstRow)).toEqual([0, ...ends].slice(0, cut.length));
        expect(ends.at(-1) ?? 0).toBe(batch);
        expect(cut.every(({ rows }) => rows > 0)).toBe(true);
        expect(cut.every(({ rows, paddedRows }) => paddedRows === Math.ceil(rows / 16) * 16)).toBe(true);
        expect(Math.max(0, ...cut.map(({ paddedRows }) => paddedRows))).toBeLessThanOrEqual(mostRows);
        expect(new Set(full.map(({ rows }) => rows)).size).toBeLessThanOrEqual(1);
        expect(full.every(({ rows, paddedRows }) => rows === paddedRows)).toBe(true);
      }),
    );
  });
});
