// `rms` with one number of state for a row: the average of the mean squared gradient of its values, which share one rate.
// Unlike row-wise Adagrad's sum the average forgets, so that the rate does not fall for ever.
import type { OptionsOf, Zod } from '../options.js';
import { correctionOption } from './correction.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';
import { rowStateOption } from './state-type.js';

const options = (z: Zod) =>
  z.strictObject({
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    correction: correctionOption(z),
    state: rowStateOption(z),
  });
export type RowwiseRmsOptions = OptionsOf<typeof options>;

/** Row-wise RMSprop, corrected: a second moment for the row. */
export const rowwiseRms = {
  options,
  create: (options) => momentRule({ name: 'rowwise-rms', second: 'row', beta1: null, ...options }),
} satisfies OptimizerSpec<RowwiseRmsOptions>;
