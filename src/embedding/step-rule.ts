// How the steps of rows are learned, where each row has its own: an optimizer of rows of width 1, in one of two domains.
//
//   linear   step += change, the gradient by the step
//   log      step *= exp(change), the gradient by ln step, which is the gradient by the step times the step. A change
//            is a share of the step, so that one rate serves steps of every size, and no step changes its sign.
//
// Then the step is what the row can hold of it: at or above the floor, and in half precision one of two neighbours.
import { z } from 'zod';
import { adam } from '../optimizers/adam.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { type StepBytes, storedStep } from '../quantization/row-grid.js';
import type { Rounding, Table } from './table.js';

/** What a step's change is added to: the step, or its logarithm. */
export const stepDomains = ['linear', 'log'] as const;
export type StepDomain = (typeof stepDomains)[number];

/**
 * The options of a method that learns a step for each row, to be spread into its own, which then are to be transformed by
 * `withStepRate`.
 */
export const stepRuleOptions = {
  /** What the step's optimizer moves: the step, or its logarithm. */
  stepDomain: z.enum(stepDomains).default('linear'),
  /** By default that of the domain, `defaultRates`. */
  stepLearningRate: z.number().positive().optional(),
  /** λ of the step's own decay, coupled; null: the rows' (as in the ALPT paper at 8 bits). */
  stepWeightDecay: z.number().min(0).nullable().default(null),
  /** Steps stay at or above it: a step must not reach zero or change its sign. */
  stepFloor: z.number().min(1e-30).default(1e-8),
  /** The optimizer's ε for steps. Their gradients are scaled by g and tiny; a usual ε would freeze them. */
  stepEpsilon: z.number().positive().default(1e-20),
};
type Given = z.output<z.ZodObject<typeof stepRuleOptions>>;
export type StepRuleOptions = WithStepRate<Given>;
type WithStepRate<Options> = Options & { stepLearningRate: number };

/** Rates of rules whose moves are as large as the rate: in the log domain, shares of a step. */
export const defaultRates = { linear: 2e-5, log: 1e-2 } as const satisfies Record<StepDomain, number>;

/** Options with the rate they leave open. */
export function withStepRate<Options extends Given>(options: Options): WithStepRate<Options> {
  return { ...options, stepLearningRate: options.stepLearningRate ?? defaultRates[options.stepDomain] };
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
  const { stepDomain, stepEpsilon } = options;
  return {
    optimizer: adam.create(adam.options.parse({ epsilon: stepEpsilon })),
    domain: stepDomain,
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
  if (isLog) for (let i = 0; i < rows.length; i++) dSteps[i] = (dSteps[i] + weightDecay * steps[i]) * steps[i];
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
