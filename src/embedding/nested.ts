// Nested codes: a row stores codes of S bits (8; also 6 or 12) on a fine grid, and the network sees their upper M bits,
// on the coarse grid of a learned step (quantization/nested-grid.ts). The gradient passes straight through to the fine
// codes, which move by stochastic rounding. What is stored is finer than what is seen, so the gradient by the step (eq.
// 7 of the ALPT paper, as in LSQ) exists in the same pass: no second one as in ALPT, no fp32 copy as in LSQ.
// docs/nested.md tells the whole.

import { UserError } from '../errors.js';
import type { OptionsOf, Zod } from '../options.js';
import { type CodeBits, codeBits, grid } from '../quantization/grid.js';
import { stepSlope } from '../quantization/master-value.js';
import { nestedShift } from '../quantization/nested-grid.js';
import { packedBytes } from '../quantization/packing.js';
import { storedStep } from '../quantization/row-grid.js';
import { type GradientScale, gradientScales } from './alpt.js';
import { type GridView, gridGradient, viewOnGrid } from './grid-view.js';
import type { Method, MethodSpec } from './method.js';
import { completeStepRule, createStepRule, moveSteps, stepDomains, stepRuleOptions } from './step-rule.js';

/** S: widths of what is stored. */
const storedWidths = [6, 8, 12] as const;

const options = (z: Zod) =>
  z
    .strictObject({
      /** S; --bits, what is served, is less. */
      storedBits: z.union(storedWidths.map((bits) => z.literal(bits))).default(8),
      /** The (served) step every row starts with; null: `bestStep` of rows as they become. */
      firstStep: z.number().min(1e-30).nullable().default(null),
      gradientScale: z
        .enum(Object.keys(gradientScales) as [GradientScale, ...GradientScale[]])
        .default('1/sqrt(bdq)'),
      /** Whether all gradients pass to the fine codes, or those of values within the served grid, as in LSQ. */
      straightThrough: z.enum(['all', 'inside']).default('all'),
      ...stepRuleOptions(z),
      stepDomain: z.enum(stepDomains).default('log'),
      stepWeightDecay: stepRuleOptions(z).stepWeightDecay.unwrap().default(0),
      /** 2: the step learns from a second pass, at the changed values, as in ALPT. */
      passes: z.union([z.literal(1), z.literal(2)]).default(1),
    })
    .transform(completeStepRule);

/** Nested codes: 8 bits stored, 4 or 2 of them seen and served. */
export const nested = {
  summary: 'integer rows of 8 bits, of which the network sees 4 or 2',
  isQuantized: true,
  defaultBits: 4,
  hasRowSteps: true,
  options,
  create(settings): Method {
    const { dim, bits, rounding, deviation, stepBytes, optimizer, learningRate, weightDecay, options } =
      settings;
    requireFiner(bits, options.storedBits);
    const served = grid(bits);
    const scaleOf = gradientScales[options.gradientScale];
    const passesInside = options.straightThrough === 'inside';
    const stepRule = createStepRule(options, settings);
    const stored: Omit<Method, 'trainStep'> = {
      storage: {
        bits: options.storedBits,
        nestedShift: nestedShift(options.storedBits, bits),
        tableStep: storedStep(options.firstStep ?? bestStep(deviation, bits), stepBytes),
        hasRowStep: true,
        stepBytes,
      },
      stepOptimizer: stepRule.optimizer,
      stepFloor: stepRule.floor,
      servedRowBytes: packedBytes(dim, bits) + stepBytes,
    };

    const trainStep: Method['trainStep'] = async (step) => {
      const { table, blocks, network, trainingStep, batchRows, rateFactor } = step;
      const rowRule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
      const g = scaleOf(batchRows, dim, served.highest);
      for (const { rows, values } of blocks) {
        // Line 1: ŵ = Δ · (u >> k), what is served.
        table.touch(rows);
        table.read(rows, values);
      }
      // Line 2: the gradients at ŵ; the other parameters are updated in place.
      for (const block of await network.backward({ updatesDense: true })) {
        const { rows, values, gradient, change, steps, dSteps, newSteps } = block;
        // Line 3: the gradient by Δ, at the fine codes as they are; and which gradients pass to them.
        table.nestedGradient(rows, gradient, g, passesInside, dSteps);
        // Line 4: w' = w + change, from the fine values w, straight through.
        table.readStored(rows, values);
        table.valueChange(optimizer, rowRule, rows, values, gradient, change);
        // Line 5: Δ'.
        moveSteps(table, stepRule, { trainingStep, rateFactor }, rows, steps, dSteps, newSteps);
        // Line 6: u = Q(w') on the fine grid of Δ'.
        table.writeCodes(rows, change, newSteps, trainingStep, rounding);
      }
    };

    /** The same with ALPT's second pass between lines 4 and 5: for comparison. */
    const trainStepTwice: Method['trainStep'] = async (step) => {
      const { table, blocks, network, trainingStep, batchRows, rateFactor } = step;
      const rowRule = { trainingStep, learningRate: learningRate * rateFactor, weightDecay };
      const g = scaleOf(batchRows, dim, served.highest);
      const view: GridView = { kind: 'grid', bits, ...served };
      for (const { rows, values } of blocks) {
        table.touch(rows);
        table.read(rows, values);
      }
      for (const { rows, values, gradient, change, dSteps } of await network.backward({
        updatesDense: true,
      })) {
        if (passesInside) table.nestedGradient(rows, gradient, g, true, dSteps);
        table.readStored(rows, values);
        table.valueChange(optimizer, rowRule, rows, values, gradient, change);
        // ŵ' = Δ · R_D(w'/Δ), limited.
        for (let i = 0; i < change.length; i++) values[i] += change[i];
        viewOnGrid(view, table, rows, values);
      }
      for (const block of await network.backward({ updatesDense: false })) {
        const { rows, values, gradient, change, steps, dSteps, newSteps } = block;
        table.readStored(rows, values);
        for (let i = 0; i < change.length; i++) values[i] += change[i];
        gridGradient(view, table, stepSlope(served), g, rows, values, gradient, dSteps);
        moveSteps(table, stepRule, { trainingStep, rateFactor }, rows, steps, dSteps, newSteps);
        table.writeCodes(rows, change, newSteps, trainingStep, rounding);
      }
    };

    return { ...stored, trainStep: options.passes === 1 ? trainStep : trainStepTwice };
  },
} satisfies MethodSpec<OptionsOf<typeof options>>;

/** M: the widths that a stored one can be more than. */
type ServedBits = Exclude<CodeBits, 16>;

/** The best spacing of 2^M equal steps for a normal distribution, in its deviations (Max 1960). */
const bestSpacing = { 2: 0.9957, 4: 0.3352, 8: 0.0308 } as const satisfies Record<ServedBits, number>;

/** About the deviation of trained rows. Initial ones are smaller, and a step takes long to follow where rows are rare. */
const TRAINED_DEVIATION = 0.033;

/** The first step where none is given. */
function bestStep(deviation: number, bits: ServedBits): number {
  return bestSpacing[bits] * Math.max(deviation, TRAINED_DEVIATION);
}

/** @throws UserError where M is not less than S */
function requireFiner(bits: CodeBits, stored: (typeof storedWidths)[number]): asserts bits is ServedBits {
  if (bits < stored) return;
  const fewer = codeBits.filter((width) => width < stored);
  const wider = storedWidths.filter((width) => width > bits);
  const more = wider.length > 0 ? `, or store more: --set nested.storedBits=${wider[0]}` : '';
  throw new UserError(
    `The method 'nested' serves fewer bits than the ${stored} it stores, not ${bits} (allowed: ${fewer.join(', ')}).`,
    `choose ${fewer
      .toReversed()
      .map((width) => `--bits ${width}`)
      .join(' or ')}${more}`,
    2,
  );
}
