// LPT that leaves small changes alone: a change below a share of the step is dropped instead of being rounded up
// now and then, so that codes of rows that hardly move stay as they are. No source: an example.
import type { Method, MethodSpec } from '../../src/embedding/method.js';
import type { OptionsOf, Zod } from '../../src/options.js';
import { clipStep } from '../../src/quantization/grid.js';

const options = (z: Zod) =>
  z.strictObject({
    /** c: the grid spans −c … c; step = c / 2^(M−1). */
    clip: z.number().positive().default(0.1),
    /** Changes smaller than this many steps are dropped. */
    deadZone: z.number().min(0).lt(1).default(0.1),
  });

export const quiet = {
  summary: 'lpt without the smallest changes',
  isQuantized: true,
  options,
  create({ bits, rounding, optimizer, learningRate, weightDecay, options: { clip, deadZone } }): Method {
    const tableStep = Math.fround(clipStep(clip, bits));
    const least = deadZone * tableStep;
    return {
      storage: { bits, tableStep, hasRowStep: false },
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
          // A change of 0 is an offset of exactly 0: the code stays, whatever the rounding.
          for (let i = 0; i < change.length; i++) if (Math.abs(change[i]) < least) change[i] = 0;
          table.writeCodes(rows, change, null, trainingStep, rounding);
        }
      },
    };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;
