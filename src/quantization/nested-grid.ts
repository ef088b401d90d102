// Two grids in one code: S bits are stored, their M high bits are served. With k = S − M, the fine grid has steps of
// step/2^k and is shifted by half a coarse step: stored code c (signed, u = c + 2^(S−1) unsigned) stands for
//
//   fine value = step · v,   v = (c − 2^(k−1)) / 2^k
//
// Then rounding half up (eq. 3 of the ALPT paper) is dropping the low bits, and no clip is left to do:
//
//   R_D(v) = ⌊v + 1/2⌋ = ⌊c / 2^k⌋ = (u >> k) − 2^(M−1)       since 2^(S−1) = 2^k · 2^(M−1)
//
// u = 0 … 2^S − 1 gives u >> k = 0 … 2^M − 1: the M-bit grid to its ends, 2^k fine codes to each coarse one. So
// v reaches from half a coarse step below the lowest served code to (almost) half a step above the highest, c = 2^(k−1)
// is 0, and all of this is exact in fp32: v has at most S bits, and a step divided by 2^k keeps its digits.
import { type CodeBits, type Grid, grid, type StoredBits } from './grid.js';
import { passesGradient, slopeAt, stepSlope } from './master-value.js';

/** k of a table whose codes of S bits are served in M. */
export function nestedShift(stored: StoredBits, served: CodeBits): number {
  return stored - served;
}

/** The signed stored code that stands for 0: half a coarse step. 0 where nothing is nested. */
export function nestedOrigin(shift: number): number {
  return shift === 0 ? 0 : 2 ** (shift - 1);
}

/** The signed code of M bits that the network sees and that is served, of the signed stored code `code`. */
export function servedCode(code: number, shift: number): number {
  return Math.floor(code / 2 ** shift);
}

/** v: where the stored code lies on the served grid, in served steps. Exact. */
export function nestedPosition(code: number, shift: number): number {
  return (code - nestedOrigin(shift)) / 2 ** shift;
}

/** The grid of the served codes. */
export function servedGrid(stored: StoredBits, shift: number): Grid {
  const { lowest, highest } = grid(stored);
  return { lowest: servedCode(lowest, shift), highest: servedCode(highest, shift) };
}

/** Eq. 7 of the ALPT paper at a stored code: the derivative of the served value by the step. */
export function nestedSlope(code: number, shift: number, served: Grid): number {
  return slopeAt(nestedPosition(code, shift), 1, served, stepSlope(served));
}

/** Whether the gradient passes to a stored code where it shall not beyond the served grid's ends. */
export function passesNested(code: number, shift: number, served: Grid): boolean {
  return passesGradient(nestedPosition(code, shift), 1, served);
}
