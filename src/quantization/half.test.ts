// Half precision in plain TypeScript; that the kernels agree with it is in kernels.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, HALF_HIGHEST, HALF_LEAST, nearestHalf, roundStep, roundToHalf, toHalf } from './half.js';
import { roundHalfEven, roundStochastic } from './rounding.js';
import { storedStep } from './row-grid.js';

const all = Array.from({ length: 2 ** 16 }, (_, half) => half);
const hasValue = (half: number) => (half & 0x7c00) !== 0x7c00;
const floats = fc.float({ noNaN: true, noDefaultInfinity: true });
const roundings = fc.oneof(
  fc.constantFrom(Math.floor, Math.ceil, roundHalfEven),
  fc.float({ min: 0, max: 1, noNaN: true }).map((u) => (units: number) => roundStochastic(units, u)),
);

describe('all 65,536 halves', () => {
  it('stand for sign · 2^(exponent − 15) · 1.mantissa, subnormal ones for 2^−24 · mantissa', () => {
    const numberOf = (half: number) => {
      const [sign, exponent, mantissa] = [half >> 15, (half >> 10) & 31, half & 1023];
      const size =
        exponent === 31
          ? mantissa === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : exponent === 0
            ? mantissa * 2 ** -24
            : (1 + mantissa / 1024) * 2 ** (exponent - 15);
      return sign ? -size : size;
    };
    expect(all.filter((half) => !Object.is(fromHalf(half), numberOf(half)))).toEqual([]);
  });

  it('have the values Python gives them', () => {
    // [struct.unpack('e', struct.pack('H', half))[0] for half in (0x3555, 1, 0x3ff, 0x400, 0x7bff, 0xc000)]
    expect([0x3555, 0x0001, 0x03ff, 0x0400, 0x7bff, 0xc000].map(fromHalf)).toEqual([
      0.333251953125,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65504,
      -2,
    ]);
  });

  it('come back from the number they stand for', () => {
    expect(all.filter((half) => hasValue(half) && toHalf(fromHalf(half)) !== half)).toEqual([]);
  });

  it('stay in every rounding, the sign of zero too', () => {
    fc.assert(
      fc.property(roundings, (round) => {
        const moves = (value: number) => !Object.is(roundToHalf(value, round), value);
        expect(all.filter((half) => hasValue(half) && moves(fromHalf(half)))).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the nearest half', () => {
  it('is what rounding half to even gives, the sign of zero too, as far as halves go', () => {
    const near = fc.tuple(fc.constantFrom(...all.filter(hasValue)), fc.constantFrom(-1, -0.5, 0, 0.5, 1));
    const between = near.map(([half, units]) => fromHalf(half) + units * Math.abs(fromHalf(half)) * 2 ** -11);
    const values = fc.oneof(floats, between.map(Math.fround), fc.constantFrom(0, -0, 2 ** -25, -(2 ** -25)));
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(Math.abs(value) < 65520);
        expect(nearestHalf(value)).toBe(roundToHalf(value, roundHalfEven));
      }),
      { numRuns: 2000 },
    );
  });

  it('is infinite from 65520 on, which is where numpy 2.4.6 has it', () => {
    // np.array([65519.996, 65520, 1e9, -65520, np.inf, np.nan], 'f4').astype('f2')
    expect([65519.996, 65520, 1e9, -65520, Infinity, Number.NaN].map(Math.fround).map(nearestHalf)).toEqual([
      65504,
      Infinity,
      Infinity,
      -Infinity,
      Infinity,
      Number.NaN,
    ]);
  });
});

it('rounds as Python does, ties to even, but never to infinity', () => {
  // hex(struct.unpack('H', struct.pack('e', fp32(value)))[0]); Python refuses what is beyond.
  const goldens = [
    [0.1, 0x2e66],
    [1 / 3, 0x3555],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 ** -25, 0x0000],
    [Math.fround(2 ** -25 * 1.001), 0x0001],
    [3 * 2 ** -25, 0x0002],
    [-0.0004235, 0x8ef0],
    [65519, 0x7bff],
  ];
  for (const [value, half] of goldens) expect(toHalf(Math.fround(value)), `${value}`).toBe(half);
  for (const value of [65520, 1e30, Number.POSITIVE_INFINITY]) {
    expect([toHalf(value), toHalf(-value)]).toEqual([0x7bff, 0xfbff]);
  }
});

it('rounds to one of the two halves around a number', () => {
  fc.assert(
    fc.property(floats, roundings, (value, round) => {
      fc.pre(Math.abs(value) <= HALF_HIGHEST);
      const [below, above] = [roundToHalf(value, Math.floor), roundToHalf(value, Math.ceil)];
      expect(below <= value && value <= above).toBe(true);
      // Neighbours: nothing is between them.
      const next = fromHalf(toHalf(below) + (below < 0 ? -1 : 1));
      expect(above === below || above === next).toBe(true);
      expect([below, above]).toContain(roundToHalf(value, round));
    }),
    { numRuns: 1000 },
  );
});

it('rounds at random with a probability that makes the mean right', () => {
  for (const step of [0.000423, 2.12345, 1.3e-6, HALF_LEAST * 1.5].map(Math.fround)) {
    const [below, above] = [roundStep(step, Math.floor), roundStep(step, Math.ceil)];
    const draws = 4096;
    let mean = 0;
    for (let i = 0; i < draws; i++) {
      mean += roundStep(step, (units) => roundStochastic(units, (i + 0.5) / draws)) / draws;
    }
    expect(Math.abs(mean - step)).toBeLessThanOrEqual((above - below) / draws);
    expect(above).toBeGreaterThan(below);
  }
});

it('a step is never 0 and never infinite, whatever it was', () => {
  fc.assert(
    fc.property(floats, roundings, (value, round) => {
      const step = roundStep(Math.abs(value), round);
      expect(step).toBeGreaterThanOrEqual(HALF_LEAST);
      expect(step).toBeLessThanOrEqual(HALF_HIGHEST);
      expect(fromHalf(toHalf(step))).toBe(step);
    }),
  );
  expect([0, 1e-30, 2 ** -26, 1e30].map((step) => storedStep(step, 2))).toEqual([
    HALF_LEAST,
    HALF_LEAST,
    HALF_LEAST,
    HALF_HIGHEST,
  ]);
  expect(storedStep(0.1, 4)).toBe(Math.fround(0.1));
});
