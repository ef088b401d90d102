import fc from 'fast-check';
import { expect, it } from 'vitest';
import { codeBits, grid } from './grid.js';
import { fromHalf, HALF_LEAST, toHalf } from './half.js';
import { gridOfRange, LEAST_STEP, rowRanges } from './row-grid.js';

const present = { step: 0.5, bias: 0.25 };

it('symmetric: max|value| / q; affine, as FBGEMM: (max − min) / (2^M − 1) and the least value', () => {
  const values = [-1.5, 0.75, 1, 0];
  expect(gridOfRange('symmetric', values, 2, present)).toEqual({ step: 1.5, bias: 0 });
  expect(gridOfRange('symmetric', values, 4, present)).toEqual({ step: Math.fround(1.5 / 7), bias: 0 });
  expect(gridOfRange('symmetric', values, 8, present)).toEqual({ step: Math.fround(1.5 / 127), bias: 0 });
  expect(gridOfRange('affine', values, 2, present)).toEqual({ step: Math.fround(2.5 / 3), bias: -1.5 });
  expect(gridOfRange('affine', values, 8, present)).toEqual({ step: Math.fround(2.5 / 255), bias: -1.5 });
});

it('a row without extent keeps its step; an affine one of equal values is its bias', () => {
  expect(gridOfRange('symmetric', [0, 0], 8, present)).toEqual({ step: 0.5, bias: 0 });
  expect(gridOfRange('affine', [0, 0], 8, present)).toEqual({ step: 0.5, bias: 0 });
  expect(gridOfRange('affine', [3], 8, present)).toEqual({ step: 0.5, bias: 3 });
  // A step that rounds to zero, or to a number too small to divide by.
  for (const tiny of [2 ** -149, 126 * LEAST_STEP]) {
    expect(gridOfRange('symmetric', [tiny, 0], 8, present).step).toBe(0.5);
    expect(gridOfRange('affine', [tiny, 0], 8, present)).toEqual({ step: 0.5, bias: 0 });
  }
  expect(gridOfRange('symmetric', [127 * LEAST_STEP], 8, present).step).toBe(LEAST_STEP);
});

it('the grid spans the values and no more', () => {
  const values = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 9 });
  fc.assert(
    fc.property(values, fc.constantFrom(...codeBits), (row, bits) => {
      fc.pre(Math.max(...row) - Math.min(...row) > 1e-6);
      const { lowest, highest } = grid(bits);
      // A step has a relative error of 2^−24, and so has the difference of the ends.
      const closeTo = (a: number, b: number) =>
        Math.abs(a - b) <= 2 ** -22 * Math.max(Math.abs(a), Math.abs(b), 100);
      const symmetric = gridOfRange('symmetric', row, bits, present);
      expect(closeTo(symmetric.step * highest, Math.max(...row.map(Math.abs)))).toBe(true);
      const affine = gridOfRange('affine', row, bits, present);
      expect(affine.bias).toBe(Math.min(...row));
      expect(closeTo(affine.bias + affine.step * (highest - lowest), Math.max(...row))).toBe(true);
    }),
  );
});

it('in half precision the grid still spans the values, with the tightest halves that do', () => {
  const values = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(values, fc.constantFrom(...rowRanges), fc.constantFrom(...codeBits), (row, range, bits) => {
      const { lowest, highest } = grid(bits);
      const { step, bias } = gridOfRange(range, row, bits, { step: HALF_LEAST, bias: 0 }, 2);
      const neighbour = (value: number, by: number) => fromHalf(toHalf(value) + by);
      for (const stored of [step, bias]) expect(fromHalf(toHalf(stored))).toBe(stored);
      // fp32 rounds the extent, and the step before it becomes a half.
      const reach = range === 'symmetric' ? Math.max(...row.map(Math.abs)) : Math.max(...row) - bias;
      const codes = range === 'symmetric' ? highest : highest - lowest;
      expect(step * codes).toBeGreaterThanOrEqual(reach * (1 - 2 ** -22));
      if (step > HALF_LEAST) expect(neighbour(step, -1) * codes).toBeLessThan(reach * (1 + 2 ** -22));
      const low = range === 'symmetric' ? 0 : Math.min(...row);
      expect(bias).toBeLessThanOrEqual(low);
      if (bias < low) expect(neighbour(bias, bias < 0 ? -1 : 1)).toBeGreaterThan(low);
    }),
    { numRuns: 500 },
  );
});

it('in half precision an affine row of equal values reaches from the half below to them', () => {
  const third = Math.fround(1 / 3);
  const { step, bias } = gridOfRange('affine', [third, third], 8, present, 2);
  expect(bias).toBe(0.333251953125);
  expect(bias + 255 * step).toBeGreaterThanOrEqual(third);
  expect(gridOfRange('affine', [0.5, 0.5], 8, present, 2)).toEqual({ step: present.step, bias: 0.5 });
});
