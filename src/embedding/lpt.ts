// LPT, low-precision training (eq. 8 of the ALPT paper; Xu et al. 2021): integer codes with one fixed step for
// the whole table. Rows of the batch are dequantized, updated and rounded back; no fp32 copy is kept.
import type { OptionsOf, Zod } from '../options.js';
import { clipStep } from '../quantization/grid.js';
import { type Storage, tieredStorage } from './layout.js';
import type { Method, MethodSettings, MethodSpec } from './method.js';

const options = (z: Zod) =>
  z.strictObject({
    /** c: the grid spans −c … c; step = c / 2^(M−1). */
    clip: z.number().min(1e-25).default(0.1),
  });

/** Low-precision training with a fixed step. */
export const lpt = {
  summary: 'integer rows, one fixed step for the table',
  isQuantized: true,
  hasTiers: true,
  options,
  create: (settings): Method =>
    lowPrecision(settings, {
      ...tieredStorage(settings, (bits) => clipStep(settings.options.clip, bits)),
      hasRowStep: false,
    }),
} satisfies MethodSpec<OptionsOf<typeof options>>;

/** Low-precision training on whatever grid the storage says: one pass, and nothing to learn but the codes. */
export function lowPrecision(
  { rounding, optimizer, learningRate, weightDecay }: MethodSettings<unknown>,
  storage: Storage,
): Method {
  return {
    storage,
    stepOptimizer: optimizer,
    stepFloor: null,
    async trainStep({ table, blocks, network, trainingStep, rateFactor }) {
      for (const { rows, values } of blocks) {
        table.touch(rows);
        table.read(rows, values);
      }
      const rule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
      for (const { rows, values, gradient, change } of await network.backward({ updatesDense: true })) {
        table.valueChange(optimizer, rule, rows, values, gradient, change);
        table.writeCodes(rows, change, null, trainingStep, rounding);
      }
    },
  };
}
