// ALPT, adaptive low-precision training (Li et al., AAAI 2023, algorithm 1): integer codes and one learned step
// per row. The weights are updated first; a second pass over the same batch, with the updated weights rounded
// deterministically, gives the gradient of the step; then the weights are rounded to the new grid.
import { z } from 'zod';
import { firstStep, grid, type StoredBits } from '../quantization/grid.js';
import { storedStep } from '../quantization/row-grid.js';
import { tieredStorage } from './layout.js';
import type { Method, MethodSpec } from './method.js';
import { completeStepRule, createStepRule, moveSteps, stepRuleOptions } from './step-rule.js';

/** g of the paper (section 3.2), by the batch's rows B, the width D and q = 2^(M−1) − 1. */
export const gradientScales = {
  '1/sqrt(bdq)': (b: number, d: number, q: number) => 1 / Math.sqrt(b * d * q),
  '1/sqrt(dq)': (_b: number, d: number, q: number) => 1 / Math.sqrt(d * q),
  '1': () => 1,
} as const;
export type GradientScale = keyof typeof gradientScales;

const options = z
  .strictObject({
    ...stepRuleOptions,
    gradientScale: z
      .enum(Object.keys(gradientScales) as [GradientScale, ...GradientScale[]])
      .default('1/sqrt(bdq)'),
    /** Step every row starts with; null: 2·E|w| / √q of the initial values. */
    firstStep: z.number().min(1e-30).nullable().default(null),
  })
  .transform(completeStepRule);

/** Adaptive low-precision training: algorithm 1 of the paper. */
export const alpt = {
  summary: 'integer rows, one learned step per row',
  isQuantized: true,
  hasTiers: true,
  hasRowSteps: true,
  options,
  create(settings): Method {
    const { dim, rounding, deviation, stepBytes, optimizer, learningRate, weightDecay, options } = settings;
    const scaleOf = gradientScales[options.gradientScale];
    const stepRule = createStepRule(options, settings);
    return {
      storage: {
        ...tieredStorage(settings, (bits) => {
          const usual = firstStep(deviation, bits);
          if (options.firstStep === null) return storedStep(usual, stepBytes);
          // Given for rows of `bits`; hot rows begin with a step as much smaller as it would be otherwise.
          const given = options.firstStep * (usual / firstStep(deviation, settings.bits));
          return storedStep(given, stepBytes);
        }),
        hasRowStep: true,
        stepBytes,
      },
      stepOptimizer: stepRule.optimizer,
      stepFloor: stepRule.floor,

      async trainStep({ table, blocks, network, trainingStep, batchRows, rateFactor }) {
        const rowRule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
        const g = (bits: StoredBits) => scaleOf(batchRows, dim, grid(bits).highest);

        // Step 1: update the weights.
        for (const { rows, values } of blocks) {
          // Line 1: ŵ = Δ · w̃.
          table.touch(rows);
          table.read(rows, values);
        }
        // Lines 2 and 3: the gradients at ŵ; the other parameters are updated in place.
        for (const { rows, values, gradient, change } of await network.backward({ updatesDense: true })) {
          // Line 2: w' = ŵ + change, kept as the change.
          table.valueChange(optimizer, rowRule, rows, values, gradient, change);
          // For line 4: Q_D(w', Δ).
          table.forward(rows, change, values);
        }

        // Step 2: update the step size.
        // Line 4: the gradients at Q_D(w', Δ), with the parameters just updated.
        for (const block of await network.backward({ updatesDense: false })) {
          const { rows, gradient, change, steps, dSteps, newSteps } = block;
          table.stepGradient(rows, change, gradient, g, dSteps);
          moveSteps(table, stepRule, { trainingStep, rateFactor }, rows, steps, dSteps, newSteps);
          // Line 5: w̃ = Q(w', Δ').
          table.writeCodes(rows, change, newSteps, trainingStep, rounding);
        }
      },
    };
  },
} satisfies MethodSpec<z.infer<typeof options>>;
