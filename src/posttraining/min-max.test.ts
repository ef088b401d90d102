// Row-wise min-max rounding against an independent program, and what must hold for every row.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBits } from '../quantization/grid.js';
import type { AffineGrid } from './affine-row.js';
import { minMaxBytes, minMaxGrid, roundMinMax } from './min-max.js';

function rounded(row: readonly number[], bits: (typeof codeBits)[number]): number[] {
  const values = Float32Array.from(row);
  roundMinMax(values, row.length, bits);
  return [...values];
}

describe('rounding between the least and the greatest value', () => {
  // numpy 2.4.6, float32: q = clip(rint((x − min)·inverse), 0, 2^M − 1), scale = range / (2^M − 1) and inverse
  // 1 / scale, at 8 bits 255 / (range + 1e-8); values float32(float64(q)·float64(scale) + float64(min)).
  it.each([
    {
      row: [0.1, -0.25, 0.3, 0, 0.017, -0.003, 0.2, -0.11],
      values: {
        2: [0.116666675, -0.25, 0.3, -0.06666666, -0.06666666, -0.06666666, 0.116666675, -0.06666666],
        4: [
          0.11666669, -0.25, 0.30000004, 0.0066666827, 0.0066666827, 0.0066666827, 0.19000003, -0.103333324,
        ],
        8: [0.09941176, -0.25, 0.3, 0.00019607972, 0.01745098, -0.001960783, 0.20078431, -0.10980392],
        16: [0.09999925, -0.25, 0.3, 3.0625833e-6, 0.0169978, -0.003001439, 0.20000383, -0.109996945],
      },
    },
    {
      // So small a range that the 1e-8 shows at 8 bits: the greatest value has code 252.
      row: [0, 1e-6, 2.5e-7, 5e-7],
      values: {
        2: [0, 1e-6, 3.3333333e-7, 6.6666666e-7],
        4: [0, 1e-6, 2.6666666e-7, 5.333333e-7],
        8: [0, 9.882352e-7, 2.470588e-7, 4.941176e-7],
        16: [0, 1e-6, 2.500038e-7, 5.000076e-7],
      },
    },
    {
      // Halves go to the even code.
      row: [0, 1.5, 2.5, 3.5, 15],
      values: {
        2: [0, 0, 0, 5, 15],
        4: [0, 2, 2, 4, 15],
        8: [0, 1.5294118, 2.4705882, 3.5294118, 15],
        16: [0, 1.5001144, 2.4998856, 3.5001144, 15],
      },
    },
  ])('gives what numpy gives for $row', ({ row, values }) => {
    for (const bits of codeBits)
      expect(rounded(row, bits), `${bits} bits`).toEqual(values[bits].map(Math.fround));
  });

  const anyRow = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 20 });
  const anyBits = fc.constantFrom(...codeBits);

  it('moves no value by more than half a code, the least not at all, and leaves 2^M values', () => {
    fc.assert(
      fc.property(anyRow, anyBits, (row, bits) => {
        const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
        minMaxGrid({ least: Math.min(...row), most: Math.max(...row) }, bits, 'fp32', grid);
        const { scale, bias } = grid;
        const values = rounded(row, bits);
        const range = Math.max(...row) - Math.min(...row);
        // Half a code, what 1e-8 beside the range takes from it at 8 bits, and the rounding of fp32.
        const most = range / (2 ** bits - 1) / 2 + (bits === 8 ? 1e-8 : 0) + 16 * 2 ** -24 * 8;
        for (const [i, value] of values.entries()) expect(Math.abs(value - row[i])).toBeLessThanOrEqual(most);
        // Either zero is the least of both.
        expect(bias + 0).toBe(Math.min(...row) + 0);
        expect(values[row.indexOf(Math.min(...row))] + 0).toBe(bias + 0);
        const codes = values.map((value) => (scale === 0 ? 0 : (value - bias) / scale));
        if (range > 1e-3 && bits < 16) {
          for (const code of codes) expect(Math.abs(code - Math.round(code))).toBeLessThan(0.1);
          expect(Math.round(Math.max(...codes))).toBeLessThanOrEqual(2 ** bits - 1);
        }
      }),
    );
  });

  it('is done to each row by itself', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.float({ noNaN: true, min: -1, max: 1 }), fc.float({ noNaN: true, min: -9, max: 9 })),
          { minLength: 1, maxLength: 9 },
        ),
        anyBits,
        (rows, bits) => {
          const together = Float32Array.from(rows.flat());
          roundMinMax(together, 2, bits);
          expect([...together]).toEqual(rows.flatMap((row) => rounded(row, bits)));
        },
      ),
    );
  });

  it('keeps a constant row, and one whose range is too small for a code', () => {
    for (const bits of codeBits) {
      expect(rounded([0.3, 0.3, 0.3], bits)).toEqual([0.3, 0.3, 0.3].map(Math.fround));
      expect(rounded([0, 0], bits)).toEqual([0, 0]);
      for (const value of rounded([0, 1.4e-45], bits)) expect(value).toBeLessThan(1e-44);
    }
  });
});

it('counts codes, scale and bias of a row', () => {
  expect([2, 4, 8, 16].map((bits) => minMaxBytes(10, bits as 2))).toEqual([11, 13, 18, 28]);
});
