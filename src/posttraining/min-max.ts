// Row-wise min-max quantization: a row's least value is code 0, its greatest 2^M − 1, values between go to the nearest
// code, ties to the even one. The quantizer `minmax`, equal to PyTorch's embedding_bag_byte_prepack (8 bits, fp32) and
// embedding_bag_4bit_ and 2bit_prepack (fp16), and the same rounding in place, as the method `round` sees its rows.
import type { CodeBits } from '../quantization/grid.js';
import { packedBytes } from '../quantization/packing.js';
import {
  type AffineGrid,
  codeOf,
  fullRange,
  type GridRule,
  type Range,
  type RangeRule,
  rangeGrid,
  rangeQuantizer,
} from './affine-row.js';
import { type QuantizerSpec, quantizedBits } from './quantizer.js';

const f = Math.fround;
/** FBGEMM's kEpsilon. */
const EPSILON = f(1e-8);

/**
 * The grid of a row's range. At 8 bits and fp32 that of FBGEMM's FloatOrHalfToFused8BitRowwiseQuantizedSBFloat: its factor is
 * not quite 1 / scale, so that a range of 1e-6 has no code above 252, and a row without a range has a scale of 0.
 */
export const minMaxGrid: GridRule = (range, bits, side, grid) => {
  if (bits !== 8 || side !== 'fp32') return rangeGrid(range, bits, side, grid);
  const width = f(range.most - range.least);
  grid.scale = f(width / 255);
  grid.bias = range.least;
  grid.inverse = f(255 / f(width + EPSILON));
};

/** ASYM of the paper: each row between its least and its greatest value. */
export const minMax = {
  summary: "each row between its least and its greatest value (ASYM; PyTorch's prepack)",
  kind: 'affine',
  bits: quantizedBits,
  async create(settings) {
    const whole: RangeRule = (values, from, range) => fullRange(values, from, settings.dim, range);
    return rangeQuantizer(settings, whole, minMaxGrid);
  },
} as const satisfies QuantizerSpec<'affine'>;

/** Values (n, D), in place: each by the code it would be stored as, with scale and bias in fp32. */
export function roundMinMax(values: Float32Array, dim: number, bits: CodeBits): void {
  const highest = 2 ** bits - 1;
  const range: Range = { least: 0, most: 0 };
  const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
  for (let from = 0; from < values.length; from += dim) {
    fullRange(values, from, dim, range);
    minMaxGrid(range, bits, 'fp32', grid);
    for (let at = from; at < from + dim; at++) {
      // The product is exact in float64: rounded once, as a fused multiply-add does.
      values[at] = grid.scale * codeOf(values[at], grid, highest) + grid.bias;
    }
  }
}

/** What `roundMinMax` rounds values (n, D) to: codes (n, D), scales and biases (n). Changes nothing. */
export function minMaxCodes(
  values: Float32Array,
  dim: number,
  bits: CodeBits,
): { codes: Uint16Array; scales: Float32Array; biases: Float32Array } {
  const rows = values.length / dim;
  const [codes, scales, biases] = [
    new Uint16Array(values.length),
    new Float32Array(rows),
    new Float32Array(rows),
  ];
  const highest = 2 ** bits - 1;
  const range: Range = { least: 0, most: 0 };
  const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
  for (let row = 0; row < rows; row++) {
    fullRange(values, row * dim, dim, range);
    minMaxGrid(range, bits, 'fp32', grid);
    scales[row] = grid.scale;
    biases[row] = grid.bias;
    for (let at = row * dim; at < (row + 1) * dim; at++) codes[at] = codeOf(values[at], grid, highest);
  }
  return { codes, scales, biases };
}

/** Bytes of a row as served: packed codes, scale and bias. */
export function minMaxBytes(dim: number, bits: CodeBits): number {
  return packedBytes(dim, bits) + 8;
}
