// Adam (Kingma, Ba 2015), lazily: a row's moments move only when the row is in the batch, while bias corrections
// count all steps of the run, as in Hetu's sparse Adam. Weight decay is the coupled form.
import { z } from 'zod';
import type { Optimizer, OptimizerSpec } from './optimizer.js';

const options = z.strictObject({
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
});
export type AdamOptions = z.infer<typeof options>;

/** Lazy Adam; 8·D bytes of state a row. */
export const adam = {
  options,
  create: ({ beta1, beta2, epsilon }): Optimizer => ({
    name: 'adam',
    /** First and second moment of each value, fp32. */
    stateBytes: (dim) => 8 * dim,
    change(kernels, at, block, { trainingStep, learningRate, weightDecay }) {
      kernels.adam(
        at.states,
        at.stride,
        at.firstRow,
        block.rows,
        block.count,
        block.dim,
        block.values,
        block.gradient,
        block.change,
        learningRate / (1 - beta1 ** trainingStep),
        beta1,
        beta2,
        epsilon,
        weightDecay,
        1 - beta2 ** trainingStep,
      );
    },
  }),
} satisfies OptimizerSpec<AdamOptions>;
