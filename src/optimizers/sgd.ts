// Gradient descent as it stands: change = −rate · gradient. No momentum, no state.
import { z } from 'zod';
import type { Optimizer, OptimizerSpec } from './optimizer.js';
import { noStateOption } from './state-type.js';

const options = z.strictObject({
  state: noStateOption,
});
export type SgdOptions = z.infer<typeof options>;

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
