// Adam (Kingma, Ba 2015), lazily: a row's moments move only when the row is in the batch, while bias corrections
// count all steps of the run, as in Hetu's sparse Adam, unless `correction` says otherwise. Weight decay is the coupled
// form.
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
export type AdamOptions = z.infer<typeof options>;

/** Lazy Adam: two moments for each value. */
export const adam = {
  options,
  create: (options) => momentRule({ name: 'adam', second: 'values', ...options }),
} satisfies OptimizerSpec<AdamOptions>;
