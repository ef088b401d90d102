// Adam (Kingma, Ba 2015), lazily: a row's moments move only when the row is in the batch, while bias corrections
// count all steps of the run, as in Hetu's sparse Adam, unless `correction` says otherwise. Weight decay is the coupled
// form.
import type { OptionsOf, Zod } from '../options.js';
import { correctionOption } from './correction.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';
import { valueStateOption } from './state-type.js';

/** What Adam has where nobody chooses: also that of dense parameters, and of steps but for ε. */
export const adamDefaults = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  correction: 'global',
  state: 'fp32',
} as const;

const options = (z: Zod) =>
  z.strictObject({
    beta1: z.number().min(0).lt(1).default(adamDefaults.beta1),
    beta2: z.number().min(0).lt(1).default(adamDefaults.beta2),
    epsilon: z.number().positive().default(adamDefaults.epsilon),
    correction: correctionOption(z),
    state: valueStateOption(z),
  });
export type AdamOptions = OptionsOf<typeof options>;

/** Lazy Adam: two moments for each value. */
export const adam = {
  options,
  create: (options) => momentRule({ name: 'adam', second: 'values', ...options }),
} satisfies OptimizerSpec<AdamOptions>;
