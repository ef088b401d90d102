// Row-wise Adagrad: one number of state per row, the sum over steps of the mean squared gradient of its values
// (as in FBGEMM's EXACT_ROWWISE_ADAGRAD). All values of a row share one rate.
import { z } from 'zod';
import type { Optimizer, OptimizerSpec } from './optimizer.js';

const options = z.strictObject({
  epsilon: z.number().positive().default(1e-10),
});
export type RowwiseAdagradOptions = z.infer<typeof options>;

/** Row-wise Adagrad; 4 bytes of state a row. */
export const rowwiseAdagrad = {
  options,
  create: ({ epsilon }): Optimizer => ({
    name: 'rowwise-adagrad',
    stateBytes: () => 4,
    change(kernels, at, block, { learningRate, weightDecay }) {
      kernels.rowwiseAdagrad(
        at.states,
        at.stride,
        at.firstRow,
        block.rows,
        block.count,
        block.dim,
        block.values,
        block.gradient,
        block.change,
        learningRate,
        epsilon,
        weightDecay,
      );
    },
  }),
} satisfies OptimizerSpec<RowwiseAdagradOptions>;
