import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloatBits,
  bfloatValue,
  firstCode,
  firstGrid,
  scaleExponent,
  scaleOf,
  secondCode,
  secondGrid,
  secondValue,
} from './moments.js';

const positive = fc.float({ min: Math.fround(1e-30), max: Math.fround(1e15), noNaN: true });
/** Uniforms evenly over (0, 1): what they average to is the expectation, but for their distance. */
const EVEN = 512;
const even = Array.from({ length: EVEN }, (_, i) => (i + 0.5) / EVEN);
const meanOf = (round: (u: number) => number) => even.reduce((sum, u) => sum + round(u), 0) / EVEN;

describe('bf16', () => {
  it('is right on average, and never further than one unit', () => {
    fc.assert(
      fc.property(positive, fc.constantFrom(1, -1), (magnitude, sign) => {
        const x = Math.fround(sign * magnitude);
        const unit = 2 ** (Math.floor(Math.log2(magnitude)) - 7);
        expect(Math.abs(bfloatValue(bfloatBits(x, 0)) - x)).toBeLessThan(unit);
        const mean = meanOf((u) => bfloatValue(bfloatBits(x, Math.floor(u * 2 ** 32))));
        expect(Math.abs(mean - x)).toBeLessThanOrEqual((unit * 1.01) / EVEN);
      }),
    );
  });

  it('keeps what it can hold', () => {
    for (const x of [0, 1, -1.5, 2 ** -100, 1.0078125]) {
      for (const word of [0, 0xffffffff]) expect(bfloatValue(bfloatBits(x, word))).toBe(x);
    }
  });
});

describe('the scale of a row', () => {
  it.each([firstGrid, secondGrid])('is the least that reaches the largest: $levels codes', (grid) => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-15), max: Math.fround(1e15), noNaN: true }), (largest) => {
        const scale = scaleOf(scaleExponent(largest, grid));
        expect(largest).toBeLessThanOrEqual(grid.levels * scale);
        expect(largest).toBeGreaterThan((grid.levels * scale) / 2);
      }),
    );
  });

  it('is exact at its limits, and 0 for nothing', () => {
    for (const grid of [firstGrid, secondGrid]) {
      expect(scaleOf(scaleExponent(grid.levels, grid))).toBe(1);
      expect(scaleOf(scaleExponent(grid.levels + 2 ** -10, grid))).toBe(2);
      expect(scaleExponent(0, grid)).toBe(0);
      expect(scaleExponent(2 ** -149, grid)).toBe(grid.leastExponent);
    }
  });
});

describe('bytes of first moments', () => {
  it('are right on average', () => {
    fc.assert(
      fc.property(fc.float({ min: -127, max: 127, noNaN: true }), (x) => {
        const exponent = 127 - 20;
        const mean = meanOf((u) => firstCode(x * 2 ** -20, exponent, u));
        expect(Math.abs(mean - x)).toBeLessThanOrEqual(1.01 / EVEN);
      }),
    );
  });
});

describe('bytes of second moments', () => {
  it('are right on average where they are not the smallest', () => {
    fc.assert(
      fc.property(fc.float({ min: 1, max: 255 ** 2, noNaN: true }), (x) => {
        const exponent = 127 + 11;
        const mean = meanOf((u) => secondValue(secondCode(x * 2 ** 22, exponent, u), exponent) / 2 ** 22);
        const gap = 2 * Math.floor(Math.sqrt(x)) + 1;
        expect(Math.abs(mean - x)).toBeLessThanOrEqual((1.01 * gap) / EVEN);
      }),
    );
  });

  it('are 0 for 0 alone', () => {
    const exponent = scaleExponent(1, secondGrid);
    for (const u of [1e-7, 0.5, 1 - 1e-7]) {
      expect(secondCode(0, exponent, u)).toBe(0);
      for (const v of [2 ** -149, 1e-30, 1e-6]) {
        expect(secondValue(secondCode(v, exponent, u), exponent)).toBeGreaterThan(0);
      }
    }
  });

  it('keep their codes where nothing moves', () => {
    for (let code = 0; code < 256; code++) {
      for (const u of [1e-7, 1 - 1e-7]) {
        expect(secondCode(secondValue(code, 100), 100, u)).toBe(code);
      }
    }
  });
});
