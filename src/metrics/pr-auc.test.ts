import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prAuc } from './pr-auc.js';

/** The definition: at every distinct score, from the highest, recall gained times precision so far. */
function averagePrecision(logits: Float32Array, labels: Float32Array): number | null {
  const positives = labels.filter((label) => label === 1).length;
  if (positives === 0) return null;
  let sum = 0;
  let recallBefore = 0;
  for (const threshold of [...new Set(logits)].sort((a, b) => b - a)) {
    const chosen = labels.filter((_, i) => logits[i] >= threshold);
    const right = chosen.filter((label) => label === 1).length;
    sum += (right / positives - recallBefore) * (right / chosen.length);
    recallBefore = right / positives;
  }
  return sum;
}

const logit = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.float({ noNaN: true }),
);

describe('prAuc', () => {
  it('is the average precision of the definition', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(logit, fc.constantFrom(0, 1)), { maxLength: 40 }), (rows) => {
        const logits = Float32Array.from(rows, ([value]) => value);
        const labels = Float32Array.from(rows, ([, label]) => label);
        const expected = averagePrecision(logits, labels);
        if (expected === null) expect(prAuc(logits, labels)).toBeNull();
        // The two sum in different ways.
        else expect(prAuc(logits, labels)).toBeCloseTo(expected, 12);
      }),
      { numRuns: 1000 },
    );
  });

  it('counts a row of weight 3 as three rows', () => {
    const weighted = fc.tuple(logit, fc.constantFrom(0, 1), fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(fc.array(weighted, { maxLength: 40 }), (rows) => {
        const split = (list: typeof rows) =>
          [Float32Array.from(list, ([value]) => value), Uint8Array.from(list, ([, label]) => label)] as const;
        const repeated = rows.flatMap((row) => Array<typeof row>(row[2]).fill(row));
        const expected = prAuc(...split(repeated));
        const weights = Float32Array.from(rows, ([, , weight]) => weight);
        if (expected === null) expect(prAuc(...split(rows), weights)).toBeNull();
        else expect(prAuc(...split(rows), weights)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('does not see the order of tied rows', () => {
    // scikit-learn 1.9.1: average_precision_score([1, 0, 0, 1], [1, 1, 1, 0]) = 0.41666666666666663
    const logits = new Float32Array([1, 1, 1, 0]);
    expect(prAuc(logits, new Uint8Array([1, 0, 0, 1]))).toBeCloseTo(5 / 12, 15);
    expect(prAuc(logits, new Uint8Array([0, 0, 1, 1]))).toBeCloseTo(5 / 12, 15);
  });

  it('is the share of ones where all scores are equal, 1 where all are ones', () => {
    expect(prAuc(new Float32Array(8), new Uint8Array([1, 0, 0, 0, 1, 0, 0, 0]))).toBe(0.25);
    expect(prAuc(new Float32Array([3, 1]), new Uint8Array([1, 1]))).toBe(1);
    expect(prAuc(new Float32Array([3, 1]), new Uint8Array([0, 0]))).toBeNull();
  });
});
