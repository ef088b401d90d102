// What makes up for decaying averages that begin at zero. Rows are updated lazily, when they are in the batch, so that
// steps of the run and updates of a row are two things.
//
//   global   divide by 1 − β^t, t the steps of the run: right for a row of every batch. A row that comes late has
//            moments that are too small, the second more than the first, and first moves 3.2 times the rate (rules
//            without first moments: 32 times)
//   row      divide by 1 − β^n, n the row's own updates, counted in two bytes of its state, up to 65,535
//   first    nothing to divide: where a second moment is still zero, both moments begin as the first gradient and its
//            square (of a row: the mean of squares). No count is needed; the first gradient has more say than others
//   none     nothing at all

import { COUNT_BYTES, startNumbers } from '../kernels/row-state.js';
import type { Zod } from '../options.js';

export const corrections = ['global', 'row', 'first', 'none'] as const;
export type Correction = (typeof corrections)[number];

/** `optimizer.correction` of rules with decaying averages. */
export const correctionOption = (z: Zod) => z.enum(corrections).default('global');

/** Bytes that a row's state has for it. */
export function correctionBytes(correction: Correction): number {
  return correction === 'row' ? COUNT_BYTES : 0;
}

/** What kernels are told: how moments begin, and what to divide them by where that is the same for all rows. */
export function correctionAt(
  correction: Correction,
  trainingStep: number,
  beta1: number,
  beta2: number,
): { start: number; first: number; second: number } {
  switch (correction) {
    case 'global':
      return {
        start: startNumbers.given,
        first: 1 - beta1 ** trainingStep,
        second: 1 - beta2 ** trainingStep,
      };
    case 'row':
      return { start: startNumbers.row, first: 1, second: 1 };
    case 'first':
      return { start: startNumbers.first, first: 1, second: 1 };
    case 'none':
      return { start: startNumbers.given, first: 1, second: 1 };
    default:
      return correction satisfies never;
  }
}
