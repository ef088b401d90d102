// Row-wise min-max quantization after training: a row's least value is code 0, its greatest 2^M − 1, values between
// go to the nearest code, ties to the even one. value = scale · code + bias, both fp32. In the arithmetic of FBGEMM:
// at 8 bits that of FloatOrHalfToFused8BitRowwiseQuantizedSBFloat, at other widths that of
// FloatOrHalfToFusedNBitRowwiseQuantizedSBHalf with scale and bias left in fp32. No bytes: only the numbers.
import type { CodeBits } from '../quantization/grid.js';
import { packedBytes } from '../quantization/packing.js';
import { roundHalfEven } from '../quantization/rounding.js';

const f = Math.fround;
/** FBGEMM's kEpsilon, at 8 bits alone: the quantizing factor is not quite 1 / scale. */
const EPSILON = f(1e-8);

/** What codes of a row stand for, and the factor they are made with. */
export interface MinMaxGrid {
  scale: number;
  bias: number;
  inverse: number;
}

/** The grid of the row values[from] … values[from + dim − 1]. */
export function minMaxGrid(values: Float32Array, from: number, dim: number, bits: CodeBits): MinMaxGrid {
  let bias = values[from];
  let most = values[from];
  for (let j = from + 1; j < from + dim; j++) {
    if (values[j] < bias) bias = values[j];
    if (values[j] > most) most = values[j];
  }
  const range = f(most - bias);
  const highest = 2 ** bits - 1;
  if (bits === 8) return { scale: f(range / highest), bias, inverse: f(highest / f(range + EPSILON)) };
  const scale = f(range / highest);
  const inverse = f(1 / scale);
  // A constant row, or a range so small that it underflows: one code for all of it.
  return scale > 0 && Number.isFinite(inverse) ? { scale, bias, inverse } : { scale: 1, bias, inverse: 1 };
}

/** Values (n, D), in place: each by the code it would be stored as. */
export function roundMinMax(values: Float32Array, dim: number, bits: CodeBits): void {
  const highest = 2 ** bits - 1;
  for (let from = 0; from < values.length; from += dim) {
    const { scale, bias, inverse } = minMaxGrid(values, from, dim, bits);
    for (let at = from; at < from + dim; at++) {
      const code = roundHalfEven(f(f(values[at] - bias) * inverse));
      // The product is exact in float64: rounded once, as a fused multiply-add does.
      values[at] = scale * Math.max(0, Math.min(highest, code)) + bias;
    }
  }
}

/** Bytes of a row as served: packed codes, scale and bias. */
export function minMaxBytes(dim: number, bits: CodeBits): number {
  return packedBytes(dim, bits) + 8;
}
