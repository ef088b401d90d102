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

  it('covers the batch in order, evenly, within the given rows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300_000 }),
        fc.integer({ min: 16, max: 5000 }),
        (batch, mostRows) => {
          const cut = microBatches(batch, mostRows);
          let next = 0;
          cut.forEach((micro, m) => {
            expect(micro.firstRow).toBe(next);
            expect(micro.rows).toBeGreaterThan(0);
            expect(micro.paddedRows).toBe(Math.ceil(micro.rows / 16) * 16);
            expect(micro.paddedRows).toBeLessThanOrEqual(mostRows);
            if (m < cut.length - 1) expect(micro.rows).toBe(cut[0].paddedRows);
            next += micro.rows;
          });
          expect(next).toBe(batch);
        },
      ),
    );
  });
});
