// How a stored code moves. A new code is found by its *offset from the old one*, never as value / step: then a
// zero change is an offset of exactly 0, whole numbers pass through both roundings, and a small change survives
// at 16 bits. All arithmetic is fp32, one rounding after each operation.
import { type Grid, limit } from './grid.js';
import { roundHalfUp } from './rounding.js';

/**
 * Where the updated value lies on the grid of the new step, counted from the old code:
 * `(change + code·(step − newStep)) / newStep`, limited so that the new code stays within the grid.
 */
export function codeOffset(
  code: number,
  change: number,
  step: number,
  newStep: number,
  { lowest, highest }: Grid,
): number {
  const moved = Math.fround(step - newStep);
  const whole = Math.fround(change + Math.fround(code * moved));
  return limit(Math.fround(whole / newStep), lowest - code, highest - code);
}

/** Q_D(w', step) of Algorithm 1, line 4: the value the second pass sees, `w' = step·code + change`. */
export function forwardValue(code: number, change: number, step: number, grid: Grid): number {
  return Math.fround(step * (code + roundHalfUp(codeOffset(code, change, step, step, grid))));
}

/**
 * Eq. 7: the derivative of Q_D(w', step) by the step at v = code + change/step. At or beyond a limit it is that
 * limit (≤ and ≥, as in the paper), otherwise R_D(v) − v, which equals R_D(offset) − offset.
 */
export function stepDerivative(
  code: number,
  change: number,
  step: number,
  { lowest, highest }: Grid,
): number {
  const offset = Math.fround(change / step);
  if (offset <= lowest - code) return lowest;
  if (offset >= highest - code) return highest;
  return Math.fround(roundHalfUp(offset) - offset);
}
