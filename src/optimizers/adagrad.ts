// Adagrad (Duchi, Hazan, Singer 2011): each value's gradient over the root of the sum of its squares so far.
import type { OptionsOf, Zod } from '../options.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';
import { valueStateOption } from './state-type.js';

const options = (z: Zod) =>
  z.strictObject({
    epsilon: z.number().positive().default(1e-10),
    state: valueStateOption(z),
  });
export type AdagradOptions = OptionsOf<typeof options>;

/** Adagrad: a sum for each value. */
export const adagrad = {
  options,
  create: (options) =>
    momentRule({
      name: 'adagrad',
      second: 'values',
      beta1: null,
      beta2: null,
      correction: 'none',
      ...options,
    }),
} satisfies OptimizerSpec<AdagradOptions>;
