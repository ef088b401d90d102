// Adam with one second moment for a row, the average of the mean squared gradient of its values, and so one rate for
// all of them (as FBGEMM's PARTIAL_ROWWISE_ADAM). A first moment for each value, as Adam. Lazy and corrected as Adam.
import { type AdamOptions, adam } from './adam.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';

/** Row-wise Adam: a first moment for each value, a second one for the row (which is bf16 where the others are int8). */
export const rowwiseAdam = {
  options: adam.options,
  create: (options) => momentRule({ name: 'rowwise-adam', second: 'row', ...options }),
} satisfies OptimizerSpec<AdamOptions>;
