// Hashing, quotient-remainder (Shi et al. 2020, section 3; ALPT 4.1): the embedding of feature i is Q[⌊i/r⌋] ⊙ R[i mod r],
// so that a table of V rows is one of ⌈V/r⌉ + r, in training as in serving. Nothing is quantized. The features of all
// vocabularies are numbered one after the other, as the code of the ALPT paper's author does, which adds the two rows
// where both papers multiply them: `combine`.
import { z } from 'zod';
import { FULL_BITS } from '../kernels/header.js';
import type { Method, MethodSpec } from './method.js';
import { combinations } from './pairs.js';

const options = z.strictObject({
  /** r: the table has about a r-th of the rows. */
  ratio: z.int().min(2).default(2),
  combine: z.enum(combinations).default('product'),
});

/** fp32 rows, two for each feature. */
export const hashing = {
  summary: 'two 32-bit rows for each feature, shared: a quotient and a remainder',
  isQuantized: false,
  options,
  create: ({ optimizer, learningRate, weightDecay, options: lookups }): Method => ({
    storage: { bits: FULL_BITS, tableStep: 1, hasRowStep: false, lookups },
    stepOptimizer: optimizer,
    stepFloor: null,
    // As `full`: `rows` are the rows of Q and R behind the batch, `gradient` is dE ⊙ R for those of Q, and dE ⊙ Q
    // for those of R, summed over the features that share the row.
    async trainStep({ table, blocks, network, trainingStep, rateFactor }) {
      for (const { rows, values } of blocks) {
        table.touch(rows);
        table.read(rows, values);
      }
      const rule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
      for (const { rows, values, gradient, change } of await network.backward({ updatesDense: true })) {
        table.valueChange(optimizer, rule, rows, values, gradient, change);
        table.writeValues(rows, change);
      }
    },
  }),
} satisfies MethodSpec<z.infer<typeof options>>;
