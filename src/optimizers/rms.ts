// Adam without a first moment, which is RMSprop (Hinton 2012) with bias correction: the gradient itself over the root of
// its averaged square. Lazy and corrected as Adam.
import type { OptionsOf, Zod } from '../options.js';
import { correctionOption } from './correction.js';
import { momentRule } from './moment-rule.js';
import type { OptimizerSpec } from './optimizer.js';
import { valueStateOption } from './state-type.js';

const options = (z: Zod) =>
  z.strictObject({
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    correction: correctionOption(z),
    state: valueStateOption(z),
  });
export type RmsOptions = OptionsOf<typeof options>;

/** RMSprop, corrected: a second moment for each value. */
export const rms = {
  options,
  create: (options) => momentRule({ name: 'rms', second: 'values', beta1: null, ...options }),
} satisfies OptimizerSpec<RmsOptions>;
