// The arithmetic that all affine quantizers share: the grid of a range as it is stored, the codes of a row on a grid, and
// what a row loses by it. In fp32, operation by operation as FBGEMM and ATen do it, so that bytes can be equal; a sum
// runs over the row from its first value to its last. How a range is chosen is each quantizer's own.
import { type CodeBits, limit } from '../quantization/grid.js';
import { nearestHalf } from '../quantization/half.js';
import { roundHalfEven } from '../quantization/rounding.js';
import type { AffineBlock, BlockQuantizer, QuantizerSettings, Side } from './quantizer.js';

const f = Math.fround;

/** Sums of squares below it are of numbers whose squares fp32 has hardly any digits of, or none. */
const LEAST_SUM = 2 ** -100;

/** What codes of a row stand for, value = scale · code + bias, and the factor they are made with. */
export interface AffineGrid {
  /** As stored. Negative where the bias of an fp16 side was rounded past the greatest value. */
  scale: number;
  /** As stored. */
  bias: number;
  /** What a value's distance from the bias is multiplied with: 1 / scale. */
  inverse: number;
}

/** From code 0 to the highest; fp32 numbers. Values beyond go to the nearest of both. */
export interface Range {
  least: number;
  most: number;
}

/** Chooses the range of the row values[from] … values[from + D − 1] and writes it to `range`. */
export type RangeRule = (values: Float32Array, from: number, range: Range) => void;

/** The least and the greatest value of a row; of two zeros the one that comes first. */
export function fullRange(values: Float32Array, from: number, dim: number, range: Range): void {
  let least = values[from];
  let most = values[from];
  for (let j = from + 1; j < from + dim; j++) {
    if (values[j] < least) least = values[j];
    if (values[j] > most) most = values[j];
  }
  range.least = least;
  range.most = most;
}

/** Writes the grid of a range, as stored, to `grid`. */
export type GridRule = (range: Range, bits: CodeBits, side: Side, grid: AffineGrid) => void;

/**
 * The grid of a range, by the arithmetic of FBGEMM's FloatOrHalfToFusedNBitRowwiseQuantizedSBHalf, at every width; an fp32
 * side runs through it without the two roundings to fp16. Scale or bias is infinite where the side has no such number;
 * nothing of that may be stored.
 */
export function rangeGrid({ least, most }: Range, bits: CodeBits, side: Side, grid: AffineGrid): void {
  // The greatest value is not rounded: of a constant row that fp16 does not have, the range is what rounding left.
  const bias = side === 'fp16' ? nearestHalf(least) : least;
  const width = f(most - bias);
  const exact = f(width / (2 ** bits - 1));
  const scale = side === 'fp16' ? nearestHalf(exact) : exact;
  const inverse = f(1 / scale);
  // No range, or one so small that it underflows: one code for all of the row.
  const isUsable = scale !== 0 && Number.isFinite(inverse);
  grid.scale = isUsable ? scale : 1;
  grid.bias = bias;
  grid.inverse = isUsable ? inverse : 1;
}

/** The code of a value: the nearest, ties to the even one, 0 … `highest`. */
export function codeOf(value: number, grid: AffineGrid, highest: number): number {
  return limit(roundHalfEven(f(f(value - grid.bias) * grid.inverse)), 0, highest);
}

/**
 * The l2 norm of what a row loses on a grid, as ATen's choose_qparams_optimized has it: each operation rounded to fp32,
 * squares summed from the first value to the last. Of the numbers as they are stored, since the grid is. Less than 2^−50 counts
 * as nothing: no range is better than another by digits that the sum does not have. (ATen has no such limit; where it would
 * matter, an fp16 side has no numbers, so its choices are the same.)
 */
export function rowLoss(
  values: Float32Array,
  from: number,
  dim: number,
  grid: AffineGrid,
  highest: number,
): number {
  const { scale, bias } = grid;
  let sum = 0;
  for (let at = from; at < from + dim; at++) {
    const seen = f(f(codeOf(values[at], grid, highest) * scale) + bias);
    const lost = f(values[at] - seen);
    sum = f(sum + f(lost * lost));
  }
  return sum < LEAST_SUM ? 0 : f(Math.sqrt(sum));
}

/** What a row would lose by a range, as it would be stored: `rowLoss` on the grid of the range. */
export type RangeLoss = (values: Float32Array, from: number, range: Range) => number;

/** The loss of ranges for these settings. */
export function rangeLoss({ dim, bits, side }: QuantizerSettings): RangeLoss {
  const highest = 2 ** bits - 1;
  const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
  return (values, from, range) => {
    rangeGrid(range, bits, side, grid);
    return rowLoss(values, from, dim, grid, highest);
  };
}

/** A quantizer that gives each row a range of its own, by `rule`, and a grid of that. */
export function rangeQuantizer(
  { dim, bits, side }: QuantizerSettings,
  rule: RangeRule,
  gridRule: GridRule = rangeGrid,
): BlockQuantizer<'affine'> {
  const highest = 2 ** bits - 1;
  const range: Range = { least: 0, most: 0 };
  const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
  return {
    quantize(values: Float32Array, out: AffineBlock): void {
      const rows = values.length / dim;
      for (let row = 0; row < rows; row++) {
        const from = row * dim;
        rule(values, from, range);
        gridRule(range, bits, side, grid);
        out.scales[row] = grid.scale;
        out.biases[row] = grid.bias;
        for (let at = from; at < from + dim; at++) out.codes[at] = codeOf(values[at], grid, highest);
      }
    },
  };
}
