import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  atLeast,
  expectedValues,
  type FrequencyLaw,
  fitLaw,
  rankDrawer,
  shareOf,
  visitRanks,
} from './frequency-law.js';

const laws = fc.record({
  exponent: fc.constantFrom(0.7, 0.9, 1.12, 1.4, 2),
  shift: fc.constantFrom(0, 0.5, 30),
  values: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  topShare: fc.constantFrom(0, 0.8),
});

describe('a frequency law', () => {
  it('has shares that sum to 1, in groups as one by one', () => {
    fc.assert(
      fc.property(laws, (law) => {
        let sum = 0;
        let count = 0;
        visitRanks(law, (ranks, share) => {
          sum += ranks * share;
          count += ranks;
        });
        expect(sum).toBeCloseTo(1, 9);
        expect(count).toBe(law.values + (law.topShare > 0 ? 1 : 0));
        if (law.values > 50) return;
        const shares = Array.from({ length: law.values + 1 }, (_, rank) => shareOf(law, rank));
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is drawn as its shares say: the numbers below a rank’s cumulated share give lower ranks', () => {
    fc.assert(
      fc.property(laws, fc.nat(60), (law, number) => {
        const draw = rankDrawer(law);
        const rank = Math.min(number, law.values);
        let below = 0;
        for (let r = 0; r < rank; r++) below += shareOf(law, r);
        const share = shareOf(law, rank);
        if (share < 1e-9) return;
        expect(draw(below + share / 2)).toBe(rank);
        expect(draw(below + share * 0.01)).toBe(rank);
        expect(draw(below + share * 0.99)).toBe(rank);
      }),
    );
  });

  it('stays within its ranks for every number that can be drawn', () => {
    fc.assert(
      fc.property(laws, fc.constantFrom(0.5 * 2 ** -32, 1 - 0.5 * 2 ** -32, 0.5), (law, u) => {
        const rank = rankDrawer(law)(u);
        expect(rank).toBeGreaterThanOrEqual(law.topShare > 0 ? 0 : 1);
        expect(rank).toBeLessThanOrEqual(law.values);
      }),
    );
  });
});

describe('fitLaw', () => {
  it.each([
    // all seen; more than are seen; flat at the head; with a value that stands out
    { exponent: 1.2, distinct: 500, rows: 1e6, topShare: 0, shift: 0 },
    { exponent: 1.12, distinct: 1e5, rows: 1e6, topShare: 0, shift: 0 },
    { exponent: 1.4, distinct: 5e5, rows: 1e6, topShare: 0, shift: expect.any(Number) },
    { exponent: 0.9, distinct: 8e4, rows: 1e6, topShare: 0.8, shift: 0 },
  ])('gives $distinct different values in $rows rows', ({ exponent, distinct, rows, topShare, shift }) => {
    const law = fitLaw(exponent, distinct, rows, topShare);
    expect(law.shift).toEqual(shift);
    const expected = expectedValues(law, rows) - (topShare > 0 ? 1 : 0);
    expect(Math.abs(expected / distinct - 1)).toBeLessThan(0.002);
  });

  it('is right about what is drawn: how many values are seen once, twice, ten times', () => {
    const law: FrequencyLaw = fitLaw(1.12, 30_000, 100_000);
    const draw = rankDrawer(law);
    const counts = new Map<number, number>();
    // A fixed sequence of evenly spread words: 32 bits by a multiplicative congruence.
    let word = 12345;
    for (let row = 0; row < 100_000; row++) {
      word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
      const rank = draw((word + 0.5) * 2 ** -32);
      counts.set(rank, (counts.get(rank) ?? 0) + 1);
    }
    for (const least of [1, 2, 10]) {
      const seen = [...counts.values()].filter((count) => count >= least).length;
      const expected = expectedValues(law, 100_000, least);
      // Three standard deviations and a little more of a sum of independent events.
      expect(Math.abs(seen - expected)).toBeLessThan(3.5 * Math.sqrt(expected));
    }
  });

  it('atLeast is the tail of the Poisson distribution', () => {
    // R: 1 - ppois(k - 1, mean)
    expect(atLeast(2, 1)).toBeCloseTo(0.8646647, 7);
    expect(atLeast(2, 2)).toBeCloseTo(0.5939942, 7);
    expect(atLeast(12, 10)).toBeCloseTo(0.7576078, 7);
  });
});
