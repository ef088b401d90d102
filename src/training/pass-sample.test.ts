// The sample of micro-batches: how many, every set as likely, and a function of seed and step alone.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { samplePass } from './pass-sample.js';

const count = (sample: Uint8Array) => sample.reduce((sum, chosen) => sum + chosen, 0);

it('has round(share · number) micro-batches, at least one, the same for the same seed and step', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      fc.maxSafeNat(),
      fc.nat(),
      (number, share, seed, step) => {
        const sample = samplePass(number, share, seed, step);
        expect(count(sample)).toBe(Math.max(1, Math.round(share * number)));
        expect(samplePass(number, share, seed, step)).toEqual(sample);
      },
    ),
  );
});

it('has every set of micro-batches equally often', () => {
  const steps = 15_000;
  const sets = new Map<string, number>();
  for (let step = 1; step <= steps; step++) {
    const set = samplePass(6, 1 / 3, 7, step).join('');
    sets.set(set, (sets.get(set) ?? 0) + 1);
  }
  // 15 sets of two of six: 1,000 each, with a deviation of √(15,000 · 1/15 · 14/15), 30.5.
  expect(sets.size).toBe(15);
  for (const times of sets.values()) expect(Math.abs(times - 1000)).toBeLessThan(4 * 30.5);
});

it('differs between seeds', () => {
  const of = (seed: number) =>
    Array.from({ length: 40 }, (_, step) => samplePass(4, 0.5, seed, step).join(''));
  expect(of(1)).not.toEqual(of(2));
});
