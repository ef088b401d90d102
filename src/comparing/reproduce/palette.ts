// The colours and dashes of what figures compare: of Okabe and Ito, which the colour-blind tell apart.
import type { Precision } from '../convex/descent.js';

export const precisionColors = {
  full: '#777777',
  deterministic: '#d55e00',
  stochastic: '#0072b2',
} as const satisfies Record<Precision, string>;

/** As the paper names them. */
export const precisionNames = {
  full: 'FP',
  deterministic: 'DR',
  stochastic: 'SR',
} as const satisfies Record<Precision, string>;
