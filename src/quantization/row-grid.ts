// The grid of one row: which values its codes stand for, `value = step · (code − origin) + bias`. Symmetric grids have
// origin and bias 0. Affine ones count from the lowest code, which stands for the bias, as FBGEMM's rows do. A grid may
// be that of the row's own range: nothing is learned, and no value is clipped. All arithmetic is fp32.
import { grid, type StoredBits } from './grid.js';

/** How a row's grid spans its values: from −max|value| to max|value|, or from the least to the largest. */
export const rowRanges = ['symmetric', 'affine'] as const;
export type RowRange = (typeof rowRanges)[number];

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
 */
export function gridOfRange(
  range: RowRange,
  values: ArrayLike<number>,
  bits: StoredBits,
  present: RowGrid,
): RowGrid {
  const { lowest, highest } = grid(bits);
  const low = Math.min(...Array.from(values));
  const high = Math.max(...Array.from(values));
  const extent = range === 'symmetric' ? Math.max(Math.abs(low), Math.abs(high)) : Math.fround(high - low);
  const step = Math.fround(extent / (range === 'symmetric' ? highest : highest - lowest));
  return { step: step >= LEAST_STEP ? step : present.step, bias: range === 'symmetric' ? 0 : low };
}
