// LSQ, learned step size quantization (Esser et al. 2020; eq. 6 and 7 of the ALPT paper): fp32 rows, which the network
// sees on a grid of M bits, and one learned step for the table. Quantization-aware training: only a table that is
// served has M bits, the one that is trained has 32.

import { adam, adamDefaults } from '../optimizers/adam.js';
import type { OptionsOf, Zod } from '../options.js';
import { firstStep, grid } from '../quantization/grid.js';
import { stepSlope } from '../quantization/master-value.js';
import { gridGradient, seeOnGrid } from './grid-view.js';
import {
  granularities,
  gridStorage,
  type LearnedStep,
  moveRowSteps,
  moveTableStep,
  sumOf,
} from './learned-step.js';
import type { Method, MethodSpec } from './method.js';

/** g, by n, the weights of the batch that share the step (U·D; D where each row has its own), B, D and q. */
const gradientScales = {
  '1/sqrt(nq)': (n: number, _b: number, _d: number, q: number) => 1 / Math.sqrt(n * q),
  '1/sqrt(bdq)': (_n: number, b: number, d: number, q: number) => 1 / Math.sqrt(b * d * q),
  '1/sqrt(dq)': (_n: number, _b: number, d: number, q: number) => 1 / Math.sqrt(d * q),
  '1': () => 1,
} as const;
type GradientScale = keyof typeof gradientScales;

const options = (z: Zod) =>
  z.strictObject({
    /** Whether all rows share one step, or each learns its own. */
    granularity: z.enum(granularities).default('table'),
    stepLearningRate: z.number().positive().default(1e-4),
    /** λ of the step's own decay, coupled. */
    stepWeightDecay: z.number().min(0).default(0),
    gradientScale: z
      .enum(Object.keys(gradientScales) as [GradientScale, ...GradientScale[]])
      .default('1/sqrt(nq)'),
    /** The step training begins with; null: 2·E|w| / √q of the initial values. */
    firstStep: z.number().min(1e-30).nullable().default(null),
    /** Steps stay at or above it: a step must not reach zero or change its sign. */
    stepFloor: z.number().min(1e-30).default(1e-8),
    /** Adam's ε for steps, whose gradients are scaled by g. */
    stepEpsilon: z.number().positive().default(1e-20),
  });

/** Learned step size quantization: fp32 rows seen on a learned grid. */
export const lsq = {
  summary: 'fp32 rows seen on a grid, its step learned (not smaller while training)',
  isQuantized: true,
  rounding: 'deterministic',
  options,
  create({ dim, bits, deviation, optimizer, learningRate, weightDecay, options }): Method {
    const limits = grid(bits);
    const slope = stepSlope(limits);
    const scaleOf = gradientScales[options.gradientScale];
    const isPerRow = options.granularity === 'row';
    const step: LearnedStep = {
      granularity: options.granularity,
      bits,
      limits,
      unit: 1,
      first: options.firstStep ?? firstStep(deviation, bits),
      floor: options.stepFloor,
      optimizer: adam.create({ ...adamDefaults, epsilon: options.stepEpsilon }),
    };
    const { storage, stepFloor, servedRowBytes } = gridStorage(step, dim);
    const { view } = storage;
    return {
      storage,
      stepOptimizer: step.optimizer,
      stepFloor,
      servedRowBytes,
      async trainStep({ table, blocks, network, trainingStep, batchRows, rateFactor, alone }) {
        const rowRule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
        const stepRule = {
          trainingStep,
          learningRate: options.stepLearningRate * rateFactor,
          weightDecay: options.stepWeightDecay,
        };
        // Eq. 6: ŵ = Δ · R_D(w/Δ limited to the grid).
        seeOnGrid(view, table, blocks);
        const rowScale = isPerRow ? scaleOf(dim, batchRows, dim, limits.highest) : 1;
        for (const block of await network.backward({ updatesDense: true })) {
          const { rows, gradient, change, dSteps } = block;
          // Eq. 7, and the straight-through gradient by w.
          gridGradient(view, table, slope, rowScale, rows, change, gradient, dSteps);
          table.valueChange(optimizer, rowRule, rows, change, gradient, change);
          table.writeValues(rows, change);
          if (isPerRow) moveRowSteps(table, step, stepFloor, stepRule, block);
        }
        if (isPerRow) return;
        alone(({ rows, dSteps }) => {
          const g = scaleOf(rows.length * dim, batchRows, dim, limits.highest);
          moveTableStep(table, step, stepFloor, stepRule, g * sumOf(dSteps));
        });
      },
    };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;
