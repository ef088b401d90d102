import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { pairInitials, pairOffsets, pairsOf } from './pairs.js';

const combine = 'product' as const;

describe('pairsOf', () => {
  it('gives each feature a pair of rows of its own, all of them in the table, or says which ratios do', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 2, max: 310 }), (features, ratio) => {
        const isSaving = (r: number) => Math.ceil(features / r) + r < features;
        if (!isSaving(ratio)) {
          const fits = Array.from({ length: features }, (_, r) => r).filter((r) => r >= 2 && isSaving(r));
          const allowed =
            fits.length > 0
              ? `(allowed: ${fits[0]} to ${fits[fits.length - 1]}).`
              : ', and no other ratio does better.';
          expect(fits.length).toBe(fits.length > 0 ? fits[fits.length - 1] - fits[0] + 1 : 0);
          const attempt = () => pairsOf({ ratio, combine }, features);
          expect(attempt).toThrow(UserError);
          expect(attempt).toThrow(allowed);
          return;
        }
        const pairs = pairsOf({ ratio, combine }, features);
        const [, first, end] = pairOffsets(pairs);
        const seen = new Set<string>();
        for (let i = 0; i < features; i++) {
          const [quotient, remainder] = [Math.floor(i / ratio), first + (i % ratio)];
          expect(quotient).toBeLessThan(first);
          expect(remainder).toBeLessThan(end);
          seen.add(`${quotient} ${remainder}`);
        }
        expect(seen.size).toBe(features);
        expect(end).toBeLessThan(features);
      }),
    );
  });

  it('says what a ratio that saves nothing would come to', () => {
    expect(() => pairsOf({ ratio: 40, combine }, 30)).toThrow(
      'A ratio of 40 saves nothing: 30 rows would become 1 quotients and 40 remainders (allowed: 2 to 27).',
    );
  });
});

it('pairInitials lets remainders begin around 1 for a product alone', () => {
  const pairs = { quotients: 7, remainders: 2 };
  expect(pairInitials({ ...pairs, combine: 'product' }, 0.01)).toEqual({ deviation: 0.01, onesFrom: 7 });
  expect(pairInitials({ ...pairs, combine: 'sum' }, 0.01).onesFrom).toBeUndefined();
  expect(2 * pairInitials({ ...pairs, combine: 'sum' }, 0.01).deviation ** 2).toBeCloseTo(1e-4, 12);
});
