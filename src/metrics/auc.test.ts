import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { auc } from './auc.js';

/** The definition: every pair of a positive and a negative, ties one half. */
function pairCount(logits: Float32Array, labels: Float32Array): number | null {
  let right = 0;
  let pairs = 0;
  logits.forEach((high, i) => {
    logits.forEach((low, j) => {
      if (labels[i] !== 1 || labels[j] !== 0) return;
      pairs++;
      if (high > low) right += 1;
      else if (high === low) right += 0.5;
    });
  });
  return pairs === 0 ? null : right / pairs;
}

// Few values, so that ties happen, beside any float at all.
const logit = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -149), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.float({ noNaN: true }),
);
const scored = fc.array(fc.tuple(logit, fc.constantFrom(0, 1)), { maxLength: 60 });

describe('auc', () => {
  it('is the fraction of pairs ranked right', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const logits = Float32Array.from(rows, ([value]) => value);
        const labels = Float32Array.from(rows, ([, label]) => label);
        expect(auc(logits, labels)).toBe(pairCount(logits, labels));
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same with weights of one number, up to the order of the sum', () => {
    fc.assert(
      fc.property(scored, fc.constantFrom(1, 0.25), (rows, weight) => {
        const logits = Float32Array.from(rows, ([value]) => value);
        const labels = Float32Array.from(rows, ([, label]) => label);
        const weighted = auc(logits, labels, new Float32Array(rows.length).fill(weight));
        const plain = auc(logits, labels);
        if (plain === null) expect(weighted).toBeNull();
        else expect(weighted).toBeCloseTo(plain, 14);
      }),
    );
  });

  it('counts a row of weight 3 as three rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(logit, fc.constantFrom(0, 1), fc.integer({ min: 1, max: 3 }))),
        (rows) => {
          const of = (list: typeof rows) =>
            [list.map(([value]) => value), list.map(([, label]) => label)].map((column) =>
              Float32Array.from(column),
            );
          const [logits, labels] = of(rows);
          const expected = pairCount(
            ...(of(rows.flatMap((row) => Array(row[2]).fill(row))) as [Float32Array, Float32Array]),
          );
          const weighted = auc(
            logits,
            labels,
            Float32Array.from(rows, ([, , weight]) => weight),
          );
          if (expected === null) expect(weighted).toBeNull();
          else expect(weighted).toBeCloseTo(expected, 14);
        },
      ),
    );
  });

  it('takes views and byte labels, and leaves its input alone', () => {
    const logits = new Float32Array([9, 3, 1, 2]).subarray(1);
    expect(auc(logits, new Uint8Array([1, 0, 0]))).toBe(1);
    expect([...logits]).toEqual([3, 1, 2]);
  });

  it('is null with one class', () => {
    expect(auc(new Float32Array([1, 2]), new Float32Array([1, 1]))).toBeNull();
    expect(auc(new Float32Array([1, 2]), new Float32Array([0, 0]))).toBeNull();
    expect(auc(new Float32Array(0), new Float32Array(0))).toBeNull();
  });

  it('refuses NaN and labels that are no labels', () => {
    const labels = new Float32Array([0, 1]);
    expect(() => auc(new Float32Array([0, Number.NaN]), labels)).toThrow(
      new UserError('The logit of row 1 is NaN; a metric needs numbers.'),
    );
    expect(() => auc(labels, new Float32Array([0.5, 1]))).toThrow(
      new UserError('The label of row 0 is 0.5; it must be 0 or 1.'),
    );
    expect(() => auc(labels, new Float32Array(3))).toThrow(RangeError);
  });
});
