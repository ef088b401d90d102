// Adam with one second moment for a row, the average of the mean squared gradient of its values, and so one rate for
// all of them (as FBGEMM's PARTIAL_ROWWISE_ADAM). A first moment for each value, as Adam. Lazy and corrected as Adam.
import { z } from 'zod';
import { correctionOption } from './correction.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';
import { valueStateOption } from './state-type.js';

const options = z.strictObject({
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  correction: correctionOption,
  state: valueStateOption,
});
export type RowwiseAdamOptions = z.infer<typeof options>;

/** Row-wise Adam: a first moment for each value, a second one for the row (which is bf16 where the others are int8). */
export const rowwiseAdam = {
  options,
  create: (options) => momentRule({ name: 'rowwise-adam', second: 'row', ...options }),
} satisfies OptimizerSpec<RowwiseAdamOptions>;
