// The numbers by which kernels know how the moments of a row are stored and how they begin. wasm/row-state.ts and
// wasm/optimizers.ts have the same.
import type { StateType } from '../quantization/moments.js';

export const stateNumbers = { fp32: 0, bf16: 1, int8: 2 } as const satisfies Record<StateType, number>;

/**
 * How moments that begin at zero are made up for it.
 *
 *   given   the caller's rate and correction, the same for all rows
 *   first   a moment that is still zero takes the first gradient whole, instead of its share 1 − β
 *   row     by 1 − β^n, n the row's updates so far, which its state counts up to MOST_UPDATES
 */
export const startNumbers = { given: 0, first: 1, row: 2 } as const;

/** A row's updates are counted in 16 bits, and not beyond. */
export const COUNT_BYTES = 2;
export const MOST_UPDATES = 65535;

/** β^n by repeated squaring in fp64, so that all kernels get the same bits. */
export function powerOf(beta: number, n: number): number {
  let power = 1;
  let square = beta;
  for (let rest = n; rest > 0; rest >>>= 1) {
    if (rest & 1) power *= square;
    square *= square;
  }
  return power;
}
