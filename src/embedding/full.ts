// Full precision: fp32 rows and the optimizer, nothing else. The baseline of every comparison.

import { FULL_BITS } from '../kernels/header.js';
import type { OptionsOf, Zod } from '../options.js';
import type { Method, MethodSpec } from './method.js';

const options = (z: Zod) => z.strictObject({});

/** fp32 rows and the optimizer's steps. */
export const full = {
  summary: '32-bit rows, the baseline',
  isQuantized: false,
  options,
  create: ({ optimizer, learningRate, weightDecay }): Method => ({
    storage: { bits: FULL_BITS, tableStep: 1, hasRowStep: false },
    stepOptimizer: optimizer,
    stepFloor: null,
    async trainStep({ table, blocks, network, trainingStep, rateFactor }) {
      for (const { rows, values } of blocks) {
        table.touch(rows);
        // What is stored: methods that train like this one may be seen through a view.
        table.readStored(rows, values);
      }
      const rule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
      for (const { rows, values, gradient, change } of await network.backward({ updatesDense: true })) {
        table.valueChange(optimizer, rule, rows, values, gradient, change);
        table.writeValues(rows, change);
      }
    },
  }),
} satisfies MethodSpec<OptionsOf<typeof options>>;
