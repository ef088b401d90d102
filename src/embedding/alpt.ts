// ALPT, adaptive low-precision training (Li et al., AAAI 2023, algorithm 1): integer codes and one learned step
// per row. The weights are updated first; a second pass over the same batch, with the updated weights rounded
// deterministically, gives the gradient of the step; then the weights are rounded to the new grid. `alpt.pass` makes
// the second pass cheaper, or spares it (docs/performance.md#the-second-pass-of-alpt).
import type { OptionsOf, Zod } from '../options.js';
import { firstStep, grid, type StoredBits } from '../quantization/grid.js';
import { storedStep } from '../quantization/row-grid.js';
import { tieredStorage } from './layout.js';
import type { Block, Method, MethodSpec } from './method.js';
import { completeStepRule, createStepRule, moveSteps, stepRuleOptions } from './step-rule.js';

/** g of the paper (section 3.2), by the batch's rows B, the width D and q = 2^(M−1) − 1. */
export const gradientScales = {
  '1/sqrt(bdq)': (b: number, d: number, q: number) => 1 / Math.sqrt(b * d * q),
  '1/sqrt(dq)': (_b: number, d: number, q: number) => 1 / Math.sqrt(d * q),
  '1': () => 1,
} as const;
export type GradientScale = keyof typeof gradientScales;

/**
 * Where line 4 has the gradients by the values from. `full`: as in the paper, from a second pass. `sampled`: from a second
 * pass over some of the micro-batches, drawn at random in each step; without bias. `reuse`: from the first pass, so at ŵ
 * instead of Q_D(w', Δ).
 */
export const stepPasses = ['full', 'sampled', 'reuse'] as const;

const options = (z: Zod) =>
  z
    .strictObject({
      ...stepRuleOptions(z),
      pass: z.enum(stepPasses).default('full'),
      /** Of the micro-batches, at least one, where the pass is sampled. */
      passShare: z.number().gt(0).lte(1).default(0.5),
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
        const { pass, passShare } = options;

        // Step 1: update the weights.
        for (const { rows, values } of blocks) {
          // Line 1: ŵ = Δ · w̃.
          table.touch(rows);
          table.read(rows, values);
        }
        // Lines 2 and 3: the gradients at ŵ; the other parameters are updated in place.
        for (const block of await network.backward({ updatesDense: true })) {
          const { rows, values, gradient, change } = block;
          // Line 2: w' = ŵ + change, kept as the change.
          table.valueChange(optimizer, rowRule, rows, values, gradient, change);
          // For line 4: Q_D(w', Δ); or the gradients at ŵ have to do for those there.
          if (pass !== 'reuse') table.forward(rows, change, values);
          else updateSteps(block);
        }
        if (pass === 'reuse') return;

        // Step 2: update the step size.
        // Line 4: the gradients at Q_D(w', Δ), with the parameters just updated.
        const share = pass === 'sampled' ? passShare : 1;
        for (const block of await network.backward({ updatesDense: false, share })) updateSteps(block);

        function updateSteps({ rows, gradient, change, steps, dSteps, newSteps }: Block): void {
          // Line 4: Δ' by the gradients of the steps.
          table.stepGradient(rows, change, gradient, g, dSteps);
          moveSteps(table, stepRule, { trainingStep, rateFactor }, rows, steps, dSteps, newSteps);
          // Line 5: w̃ = Q(w', Δ').
          table.writeCodes(rows, change, newSteps, trainingStep, rounding);
        }
      },
    };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;
