// Row-wise Adagrad: one number of state per row, the sum over steps of the mean squared gradient of its values
// (as in FBGEMM's EXACT_ROWWISE_ADAGRAD). All values of a row share one rate.
import type { OptionsOf, Zod } from '../options.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';
import { rowStateOption } from './state-type.js';

const options = (z: Zod) =>
  z.strictObject({
    epsilon: z.number().positive().default(1e-10),
    state: rowStateOption(z),
  });
export type RowwiseAdagradOptions = OptionsOf<typeof options>;

/** Row-wise Adagrad: a sum for the row. */
export const rowwiseAdagrad = {
  options,
  // Good on four data sets (docs/findings.md): a row's first update moves each of its values by about this much.
  defaultRate: 5e-2,
  create: (options) =>
    momentRule({
      name: 'rowwise-adagrad',
      second: 'row',
      beta1: null,
      beta2: null,
      correction: 'none',
      ...options,
    }),
} satisfies OptimizerSpec<RowwiseAdagradOptions>;
