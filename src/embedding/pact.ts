// PACT, parameterized clipping (Choi et al. 2018), for rows that have both signs: fp32 rows, which the network sees
// clipped to −α … α and rounded to the grid of α / (2^(M−1) − 1), and one learned α for the table. It learns from the
// clipped values alone; LSQ adds what rounding costs within the grid. Quantization-aware training, as LSQ.

import { adam, adamDefaults } from '../optimizers/adam.js';
import type { OptionsOf, Zod } from '../options.js';
import { clipSlope } from '../quantization/master-value.js';
import { gridGradient, seeOnGrid } from './grid-view.js';
import {
  granularities,
  gridStorage,
  type LearnedStep,
  moveRowSteps,
  moveTableStep,
  sumOf,
  symmetricGrid,
} from './learned-step.js';
import type { Method, MethodSpec } from './method.js';

const options = (z: Zod) =>
  z.strictObject({
    /** Whether all rows share one clip, or each learns its own. */
    granularity: z.enum(granularities).default('table'),
    clipLearningRate: z.number().positive().default(1e-4),
    /** λ of the clip's own decay, coupled; null: the rows'. */
    clipDecay: z.number().min(0).nullable().default(null),
    /** The α training begins with. Values that are clipped get no gradient: it should be where they will go. */
    firstClip: z.number().min(1e-25).default(0.1),
    /** Clips stay at or above it. */
    clipFloor: z.number().min(1e-25).default(1e-6),
    /** Adam's ε for clips. */
    clipEpsilon: z.number().positive().default(1e-20),
  });

/** Parameterized clipping: fp32 rows seen on a grid that ends at a learned clip. */
export const pact = {
  summary: 'fp32 rows seen on a grid, its end learned (not smaller while training)',
  isQuantized: true,
  rounding: 'deterministic',
  options,
  create({ dim, bits, optimizer, learningRate, weightDecay, options }): Method {
    const limits = symmetricGrid(bits);
    const isPerRow = options.granularity === 'row';
    const clip: LearnedStep = {
      granularity: options.granularity,
      bits,
      limits,
      // α = q · step.
      unit: limits.highest,
      first: options.firstClip,
      floor: options.clipFloor,
      optimizer: adam.create({ ...adamDefaults, epsilon: options.clipEpsilon }),
    };
    const { storage, stepFloor, servedRowBytes } = gridStorage(clip, dim);
    const { view } = storage;
    return {
      storage,
      stepOptimizer: clip.optimizer,
      stepFloor,
      servedRowBytes,
      async trainStep({ table, blocks, network, trainingStep, rateFactor, alone }) {
        const rowRule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
        const clipRule = {
          trainingStep,
          learningRate: options.clipLearningRate * rateFactor,
          weightDecay: options.clipDecay ?? weightDecay,
        };
        seeOnGrid(view, table, blocks);
        for (const block of await network.backward({ updatesDense: true })) {
          const { rows, gradient, change, dSteps } = block;
          // dα = Σ dŵ · (1[w ≥ α] − 1[w ≤ −α]), and the gradient by w where it is not clipped.
          gridGradient(view, table, clipSlope, 1, rows, change, gradient, dSteps);
          table.valueChange(optimizer, rowRule, rows, change, gradient, change);
          table.writeValues(rows, change);
          if (isPerRow) moveRowSteps(table, clip, stepFloor, clipRule, block);
        }
        if (isPerRow) return;
        alone(({ dSteps }) => moveTableStep(table, clip, stepFloor, clipRule, sumOf(dSteps)));
      },
    };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;
