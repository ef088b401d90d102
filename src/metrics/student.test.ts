import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { studentQuantile } from './student.js';

describe('studentQuantile', () => {
  // The table of every textbook, here with more digits: R, qt(p, df).
  it.each([
    [0.75, 1, 1],
    [0.95, 1, 6.313751514675],
    [0.975, 1, 12.706204736175],
    [0.995, 1, 63.656741162872],
    [0.95, 2, 2.919985580354],
    [0.95, 3, 2.353363434802],
    [0.95, 4, 2.131846786327],
    [0.975, 4, 2.776445105198],
    [0.95, 5, 2.015048372669],
    [0.95, 9, 1.833112932653],
    [0.975, 9, 2.262157162741],
    [0.995, 29, 2.756385903671],
    [0.95, 30, 1.697260886511],
    [0.95, 120, 1.657650899345],
  ])('p %d, %d degrees: %d', (probability, degrees, expected) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(expected, 8);
    expect(studentQuantile(1 - probability, degrees)).toBeCloseTo(-expected, 8);
  });

  it('is 0 in the middle and nears the normal quantile with many degrees', () => {
    expect(studentQuantile(0.5, 7)).toBeCloseTo(0, 12);
    // R: qnorm(0.95) = 1.6448536269515; the difference is of order z³/(4·degrees).
    expect(Math.abs(studentQuantile(0.95, 100_000) - 1.644853626951)).toBeLessThan(2e-5);
  });

  it('is where the integral of the density comes to the probability', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.51, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        (p, n) => {
          expect(0.5 + integral(studentQuantile(p, n), n)).toBeCloseTo(p, 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses what has no quantile', () => {
    expect(() => studentQuantile(0, 3)).toThrow(RangeError);
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(Number.NaN, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.9, 0)).toThrow(RangeError);
    expect(() => studentQuantile(0.9, 2.5)).toThrow(RangeError);
  });
});

/** Simpson's rule over the density from 0 to t, in θ = atan(t), where even 300 is near. */
function integral(t: number, degrees: number): number {
  const density = (x: number) => (1 + (x * x) / degrees) ** (-(degrees + 1) / 2);
  const simpson = (end: number) => {
    const parts = 4000;
    let sum = 0;
    for (let i = 0; i <= parts; i++) {
      const theta = (end * i) / parts;
      const value = density(Math.tan(theta)) / Math.cos(theta) ** 2;
      sum += value * (i === 0 || i === parts ? 1 : i % 2 ? 4 : 2);
    }
    return (sum * end) / parts / 3;
  };
  // Half of all the density is the unit; its end is cut off where nothing is left to the sixth digit.
  return (0.5 * simpson(Math.atan(t))) / simpson(Math.PI / 2 - 1e-9);
}
