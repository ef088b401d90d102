import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDistinguishable, pairedDifference } from './paired-difference.js';

describe('pairedDifference', () => {
  it('is the interval computed by hand', () => {
    // Differences 1, 2, 3: mean 2, deviation 1, standard error 1/√3; t(0.95, 2) = 2.919986, t(0.975, 2) = 4.302653.
    const { n, mean, low, high } = pairedDifference([11, 22, 33], [10, 20, 30]);
    expect({ n, mean }).toEqual({ n: 3, mean: 2 });
    expect(low).toBeCloseTo(2 - 2.91998558 / Math.sqrt(3), 7);
    expect(high).toBeCloseTo(2 + 2.91998558 / Math.sqrt(3), 7);
    expect(pairedDifference([11, 22, 33], [10, 20, 30], 0.95).high).toBeCloseTo(
      2 + 4.30265273 / Math.sqrt(3),
      7,
    );
  });

  it('pairs by seed and leaves out seeds that one of the two lacks', () => {
    const all = pairedDifference([1, null, 5, 7], [0, 100, 3, null]);
    expect(all).toEqual(pairedDifference([1, 5], [0, 3]));
    expect(all.n).toBe(2);
  });

  it('has no interval of one pair and no mean of none', () => {
    expect(pairedDifference([3], [1])).toEqual({ n: 1, mean: 2, low: null, high: null });
    expect(pairedDifference([3], [null])).toEqual({ n: 0, mean: null, low: null, high: null });
    expect(() => pairedDifference([1], [1, 2])).toThrow(RangeError);
  });

  it('does not see what a seed adds to both', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, value), { minLength: 2, maxLength: 9 }), (seeds) => {
        const plain = pairedDifference(
          seeds.map(([a]) => a),
          seeds.map(([, b]) => b),
        );
        const shifted = pairedDifference(
          seeds.map(([a, , shift]) => a + shift),
          seeds.map(([, b, shift]) => b + shift),
        );
        expect(shifted.mean).toBeCloseTo(plain.mean ?? Number.NaN, 12);
        expect(shifted.low).toBeCloseTo(plain.low ?? Number.NaN, 11);
      }),
    );
  });
});

describe('isDistinguishable', () => {
  it('asks whether 0 is outside', () => {
    expect(isDistinguishable({ n: 3, mean: 2, low: 1, high: 3 })).toBe(true);
    expect(isDistinguishable({ n: 3, mean: -2, low: -3, high: -1 })).toBe(true);
    expect(isDistinguishable({ n: 3, mean: 0.5, low: -1, high: 2 })).toBe(false);
    expect(isDistinguishable({ n: 3, mean: 0, low: 0, high: 0 })).toBe(false);
    expect(isDistinguishable({ n: 1, mean: 2, low: null, high: null })).toBeNull();
  });
});
