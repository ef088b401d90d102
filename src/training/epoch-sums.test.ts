import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type EpochSums, nothingDone } from '../runs/progress.js';
import { addBatch, combineReplies, lossCurve } from './epoch-sums.js';

/** An epoch of batches of 10 rows with the given losses; the last one of 4 rows that weigh half. */
function epochOf(losses: readonly number[]): EpochSums {
  return losses.reduce<EpochSums>((sums, loss, i) => {
    const isLast = i === losses.length - 1;
    const batch = { rows: isLast ? 4 : 10, weight: isLast ? 2 : 10 };
    return addBatch(sums, { loss, ...batch, changes: 5, erased: 2 }, losses.length);
  }, nothingDone);
}

it('a curve has twenty points, each the mean of a twentieth of the batches', () => {
  const losses = Array.from({ length: 60 }, (_, i) => i);
  const means = Array.from({ length: 20 }, (_, i) => 3 * i + 1);
  // The last three batches are 57, 58 and a small one of 59.
  means[19] = (57 * 10 + 58 * 10 + 59 * 2) / 22;
  expect(lossCurve(epochOf(losses))).toEqual(means);
});

it('a point for each batch where there are fewer', () => {
  expect(lossCurve(epochOf([3, 1, 2]))).toEqual([3, 1, 2]);
  expect(lossCurve(epochOf([]))).toEqual([]);
});

it('any number of batches in parts that differ by one at most, and all of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (batches) => {
      const sums = epochOf(Array.from({ length: batches }, () => 1));
      expect(sums.curve.length).toBe(Math.min(20, batches));
      const sizes = sums.curve.map(({ weight }) => Math.ceil(weight / 10));
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(sums.curve.reduce((sum, { weight }) => sum + weight, 0)).toBe(sums.weight);
      expect(sums).toMatchObject({
        batch: batches,
        rows: 10 * batches - 6,
        changes: 5 * batches,
        erased: 2 * batches,
      });
    }),
  );
});

it('a batch changed what all threads changed of it', () => {
  const replies = [
    { loss: 0.5, changes: 7, erased: 3 },
    { loss: 0.5, changes: 0, erased: 0 },
    { loss: 0.5, changes: 2, erased: 2 },
  ];
  expect(combineReplies(replies)).toEqual({ loss: 0.5, changes: 9, erased: 5 });
});
