// How the steps of rows are learned, where each row has its own: an optimizer of rows of width 1, in one of two domains.
//
//   linear   step += change, the gradient by the step
//   log      step *= exp(change), the gradient by ln step, which is the gradient by the step times the step. A change
//            is a share of the step, so that one rate serves steps of every size, and no step changes its sign.
//
// Then the step is what the row can hold of it: at or above the floor, and in half precision one of two neighbours.
import type { z } from 'zod';
import { adam, adamDefaults } from '../optimizers/adam.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { rms } from '../optimizers/rms.js';
import { sgd } from '../optimizers/sgd.js';
import type { Zod } from '../options.js';
import { type StepBytes, storedStep } from '../quantization/row-grid.js';
import type { Rounding, Table } from './table.js';

/** What a step's change is added to: the step, or its logarithm. */
export const stepDomains = ['linear', 'log'] as const;
export type StepDomain = (typeof stepDomains)[number];

/** The rules a step may be learned by. For rows of width 1 row-wise rules are the same, with more state. */
const stepOptimizers = {
  adam: (epsilon, state) => adam.create({ ...adamDefaults, epsilon, state }),
  // No first moment dampens the first move of a row that comes late, 1/√(1 − β2) times the rate with Adam's correction.
  rms: (epsilon, state) => rms.create({ beta2: adamDefaults.beta2, epsilon, state, correction: 'first' }),
  sgd: () => sgd.create(),
} satisfies Record<string, (epsilon: number, state: 'fp32' | 'bf16') => Optimizer>;
type StepOptimizer = keyof typeof stepOptimizers;

/**
 * The options of a method that learns a step for each row, to be spread into its own, which then are to be transformed by
 * `completeStepRule`.
 */
export const stepRuleOptions = (z: Zod) => ({
  stepOptimizer: z.enum(Object.keys(stepOptimizers) as [StepOptimizer, ...StepOptimizer[]]).default('adam'),
  /** What its moments are stored as: 4 bytes or 2 each. Adam has two of them, rms one, sgd none. */
  stepState: z.enum(['fp32', 'bf16']).default('fp32'),
  /** What the step's optimizer moves: the step, or its logarithm. */
  stepDomain: z.enum(stepDomains).default('linear'),
  /** By default that of the domain, `defaultRates`. 0: steps stay as they begin. */
  stepLearningRate: z.number().min(0).optional(),
  /** λ of the step's own decay, coupled; null: the rows' (as in the ALPT paper at 8 bits). */
  stepWeightDecay: z.number().min(0).nullable().default(null),
  /** Steps stay at or above it: a step must not reach zero or change its sign. */
  stepFloor: z.number().min(1e-30).default(1e-8),
  /** The optimizer's ε for steps. Their gradients are scaled by g and tiny; a usual ε would freeze them. */
  stepEpsilon: z.number().positive().default(1e-20),
});
type GivenOptions = z.output<z.ZodObject<ReturnType<typeof stepRuleOptions>>>;
type Complete<Options> = Options & { stepLearningRate: number };
export type StepRuleOptions = Complete<GivenOptions>;

/** Rates of rules whose moves are as large as the rate: in the log domain, shares of a step. */
export const defaultRates = { linear: 2e-5, log: 1e-2 } as const satisfies Record<StepDomain, number>;

/**
 * Options with the rate that they leave open. Moves of sgd are as small as its gradients, which no rate of ours would fit:
 * it has to be given one.
 */
export function completeStepRule<Options extends GivenOptions>(
  options: Options,
  { issues }: Pick<z.RefinementCtx, 'issues'>,
): Complete<Options> {
  const { stepOptimizer, stepState, stepLearningRate, stepDomain } = options;
  const refuse = (option: keyof GivenOptions, message: string) =>
    issues.push({ code: 'custom', message, input: options, path: [option] });
  if (stepOptimizer === 'sgd' && stepLearningRate === undefined) {
    refuse(
      'stepLearningRate',
      'allowed: 0 and above; no default fits sgd, which moves steps by their tiny gradients',
    );
  }
  if (stepOptimizer === 'sgd' && stepState !== 'fp32') {
    refuse('stepState', 'allowed: fp32; sgd keeps no state that could be smaller');
  }
  return { ...options, stepLearningRate: stepLearningRate ?? defaultRates[stepDomain] };
}

/** The rule of steps with its settings. */
export interface StepRule {
  readonly optimizer: Optimizer;
  readonly domain: StepDomain;
  readonly learningRate: number;
  /** λ of the coupled form: λ·step is added to the gradient by the step. */
  readonly weightDecay: number;
  /** Steps never fall below it: a step must not reach zero. As rows hold it. */
  readonly floor: number;
  /** How a new step becomes a half, where rows hold halves. */
  readonly rounding: Rounding;
}

/** What a rule takes over from the method's settings. */
export interface StepRuleSettings {
  /** λ of the rows. */
  weightDecay: number;
  stepBytes: StepBytes;
  rounding: Rounding;
}

/** The rule that a method's options ask for. */
export function createStepRule(options: StepRuleOptions, settings: StepRuleSettings): StepRule {
  const { stepOptimizer, stepState, stepEpsilon } = options;
  return {
    optimizer: stepOptimizers[stepOptimizer](stepEpsilon, stepState),
    domain: options.stepDomain,
    learningRate: options.stepLearningRate,
    weightDecay: options.stepWeightDecay ?? settings.weightDecay,
    floor: storedStep(options.stepFloor, settings.stepBytes, Math.ceil),
    rounding: settings.rounding,
  };
}

/**
 * newSteps (n) of `rows`, as the rows will hold them, from dSteps (n), the gradient by the step. Moves the state of the
 * steps' optimizer; `steps` (n) receives the present steps, and dSteps may be overwritten. Nothing is written to the rows'
 * steps.
 */
export function moveSteps(
  table: Table,
  { optimizer, domain, learningRate, weightDecay, floor, rounding }: StepRule,
  { trainingStep, rateFactor }: { trainingStep: number; rateFactor: number },
  rows: Uint32Array,
  steps: Float32Array,
  dSteps: Float32Array,
  newSteps: Float32Array,
): void {
  const rate = { trainingStep, learningRate: learningRate * rateFactor };
  const isLog = domain === 'log';
  table.readSteps(rows, steps);
  if (isLog)
    for (let i = 0; i < rows.length; i++) dSteps[i] = (dSteps[i] + weightDecay * steps[i]) * steps[i];
  table.stepChange(
    optimizer,
    { ...rate, weightDecay: isLog ? 0 : weightDecay },
    rows,
    steps,
    dSteps,
    newSteps,
  );
  for (let i = 0; i < rows.length; i++) {
    const moved = isLog ? steps[i] * Math.exp(newSteps[i]) : steps[i] + newSteps[i];
    newSteps[i] = Math.max(floor, moved);
  }
  table.roundSteps(rows, newSteps, trainingStep, rounding);
}
