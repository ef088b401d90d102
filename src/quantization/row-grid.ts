// The grid of one row: which values its codes stand for, `value = step · (code − origin) + bias`. Symmetric grids have
// origin and bias 0. Affine ones count from the lowest code, which stands for the bias, as FBGEMM's rows do. A grid may
// be that of the row's own range: nothing is learned, and no value is clipped. All arithmetic is fp32.
import { grid, type StoredBits } from './grid.js';
import { roundStep, roundToHalf } from './half.js';
import { roundHalfEven } from './rounding.js';

/** How a row's grid spans its values: from −max|value| to max|value|, or from the least to the largest. */
export const rowRanges = ['symmetric', 'affine'] as const;
export type RowRange = (typeof rowRanges)[number];

/** Bytes of a step, and of a bias, in a row: fp32, or half precision. */
export const stepTypes = { fp32: 4, fp16: 2 } as const;
export type StepType = keyof typeof stepTypes;
export const stepTypeNames = ['fp32', 'fp16'] as const satisfies StepType[];
export type StepBytes = (typeof stepTypes)[StepType];

/** What a row holds of a step: itself, or the half that `round` makes of it, within the positive halves. */
export function storedStep(step: number, stepBytes: StepBytes, round = roundHalfEven): number {
  return stepBytes === 2 ? roundStep(step, round) : Math.fround(step);
}

/** The grid of one row. */
export interface RowGrid {
  step: number;
  /** 0 where the grid is symmetric. */
  bias: number;
}

/** Steps below it would not divide: such a row has no extent to speak of. The smallest normal fp32 number. */
export const LEAST_STEP = 2 ** -126;

/**
 * The grid of a row's values. Symmetric: step = max|value| / q, q = 2^(M−1) − 1. Affine: bias = min, step = (max − min)
 * / (2^M − 1). A row without extent, all zero or (affine) all equal, keeps `present.step`.
 *
 * In half precision the step is the next half above, and the bias the next one below: so the range covers the values as
 * in fp32. The nearest half would clip the row's largest value every other time, and always toward zero. An affine row of
 * equal values that are no half has an extent then: from its bias up.
 */
export function gridOfRange(
  range: RowRange,
  values: ArrayLike<number>,
  bits: StoredBits,
  present: RowGrid,
  stepBytes: StepBytes = 4,
): RowGrid {
  const { lowest, highest } = grid(bits);
  const low = Math.min(...Array.from(values));
  const high = Math.max(...Array.from(values));
  const isSymmetric = range === 'symmetric';
  const bias = isSymmetric ? 0 : stepBytes === 2 ? roundToHalf(low, Math.floor) : low;
  const extent = isSymmetric ? Math.max(Math.abs(low), Math.abs(high)) : Math.fround(high - bias);
  const step = Math.fround(extent / (isSymmetric ? highest : highest - lowest));
  return { step: step >= LEAST_STEP ? storedStep(step, stepBytes, Math.ceil) : present.step, bias };
}
