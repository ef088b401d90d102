// An fp32 value that is kept as it is and seen on a grid (eq. 6 of the ALPT paper; LSQ, PACT): what the network sees
// of it, and what a gradient at what it sees says of the value and of the grid. fp32, one rounding after each operation.
import { type Grid, limit } from './grid.js';
import { roundHalfUp } from './rounding.js';

/** Q_D(value, step) = step · R_D(value/step limited to the grid). */
export function valueOnGrid(value: number, step: number, { lowest, highest }: Grid): number {
  return Math.fround(step * roundHalfUp(limit(Math.fround(value / step), lowest, highest)));
}

/**
 * The derivative of Q_D(value, ·) by what a method learns of its grid, in the three parts a grid has: one number at and
 * below the lowest code, one at and above the highest (≤ and ≥, as eq. 7), and between them `inside` · (R_D(v) − v).
 */
export interface GridSlope {
  readonly atLowest: number;
  readonly atHighest: number;
  readonly inside: 0 | 1;
}

/** Eq. 7, the derivative by the step: the limits themselves, R_D(v) − v between. */
export function stepSlope({ lowest, highest }: Grid): GridSlope {
  return { atLowest: lowest, atHighest: highest, inside: 1 };
}

/** PACT's derivative by the clip: −1 and 1 where the value is clipped, nothing between. */
export const clipSlope: GridSlope = { atLowest: -1, atHighest: 1, inside: 0 };

/** The slope at one value. */
export function slopeAt(value: number, step: number, { lowest, highest }: Grid, slope: GridSlope): number {
  const v = Math.fround(value / step);
  if (v <= lowest) return slope.atLowest;
  if (v >= highest) return slope.atHighest;
  return slope.inside * Math.fround(roundHalfUp(v) - v);
}

/** The straight-through estimator: the gradient by the value is that by Q_D within the grid, limits included, else 0. */
export function passesGradient(value: number, step: number, { lowest, highest }: Grid): boolean {
  const v = Math.fround(value / step);
  return v >= lowest && v <= highest;
}
