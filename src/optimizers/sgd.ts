// Gradient descent as it stands: change = −rate · gradient. No momentum, no state.
import type { OptionsOf, Zod } from '../options.js';
import type { Optimizer, OptimizerSpec } from './optimizer.js';
import { noStateOption } from './state-type.js';

const options = (z: Zod) =>
  z.strictObject({
    state: noStateOption(z),
  });
export type SgdOptions = OptionsOf<typeof options>;

/** Stochastic gradient descent; no state. */
export const sgd = {
  options,
  create: (): Optimizer => ({
    name: 'sgd',
    stateBytes: () => 0,
    change(kernels, _at, { count, dim, values, gradient, change }, { learningRate, weightDecay }) {
      kernels.sgd(count, dim, values, gradient, change, learningRate, weightDecay);
    },
  }),
} satisfies OptimizerSpec<SgdOptions>;
