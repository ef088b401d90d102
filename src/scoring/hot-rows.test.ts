// Which rows are hot, against the definition: sorted by count, the first of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hottestRows } from './hot-rows.js';

/** Counts as `prepare` leaves them: no count of OOV, then descending. */
const vocabulary = fc
  .array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 })
  .map((counts) => Float64Array.from([0, ...counts.sort((a, b) => b - a)]));

describe('hottestRows', () => {
  it('are the share of all rows that is counted most, of equal ones the first', () => {
    fc.assert(
      fc.property(
        fc.array(vocabulary, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (vocabularies, share) => {
          const rows = vocabularies.flatMap((counts, v) =>
            Array.from(counts, (count, id) => ({ v, count: id === 0 ? (counts[1] ?? 0) : count })),
          );
          const wanted = Math.round(share * rows.length);
          // Array.prototype.sort is stable.
          const chosen = rows.sort((a, b) => b.count - a.count).slice(0, wanted);
          const expected = vocabularies.map((_, v) => chosen.filter((row) => row.v === v).length);
          expect(hottestRows(vocabularies, share)).toEqual(expected);
        },
      ),
    );
  });

  it('takes a value that came later as no more frequent than those before it', () => {
    // Id 3 came with more rows; id 1 and 2 must be hot before it.
    expect(hottestRows([Float64Array.of(0, 9, 2, 50), Float64Array.of(0, 5)], 0.5)).toEqual([2, 1]);
    expect(hottestRows([Float64Array.of(0, 9, 2, 50), Float64Array.of(0, 5)], 0.84)).toEqual([3, 2]);
  });
});
