// How the steps of rows are learned, where each row has its own: an optimizer of rows of width 1, in one of two domains.
//
//   linear   step += change, the gradient by the step
//   log      step *= exp(change), the gradient by ln step, which is the gradient by the step times the step. A change
//            is a share of the step, so that one rate serves steps of every size, and no step changes its sign.
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Table } from './table.js';

/** What a step's change is added to: the step, or its logarithm. */
export const stepDomains = ['linear', 'log'] as const;
export type StepDomain = (typeof stepDomains)[number];

/** The rule of steps with its settings. */
export interface StepRule {
  readonly optimizer: Optimizer;
  readonly domain: StepDomain;
  readonly learningRate: number;
  /** λ of the coupled form: λ·step is added to the gradient by the step. */
  readonly weightDecay: number;
  /** Steps never fall below it: a step must not reach zero. */
  readonly floor: number;
}

/**
 * newSteps (n) of `rows` from dSteps (n), the gradient by the step. Moves the state of the steps' optimizer; `steps` (n)
 * receives the present steps, and dSteps may be overwritten. Nothing is written to the rows' steps.
 */
export function moveSteps(
  table: Table,
  { optimizer, domain, learningRate, weightDecay, floor }: StepRule,
  { trainingStep, rateFactor }: { trainingStep: number; rateFactor: number },
  rows: Uint32Array,
  steps: Float32Array,
  dSteps: Float32Array,
  newSteps: Float32Array,
): void {
  const rate = { trainingStep, learningRate: learningRate * rateFactor };
  table.readSteps(rows, steps);
  if (domain === 'linear') {
    table.stepChange(optimizer, { ...rate, weightDecay }, rows, steps, dSteps, newSteps);
    for (let i = 0; i < rows.length; i++) newSteps[i] = Math.max(floor, steps[i] + newSteps[i]);
    return;
  }
  for (let i = 0; i < rows.length; i++) dSteps[i] = (dSteps[i] + weightDecay * steps[i]) * steps[i];
  table.stepChange(optimizer, { ...rate, weightDecay: 0 }, rows, steps, dSteps, newSteps);
  for (let i = 0; i < rows.length; i++) newSteps[i] = Math.max(floor, steps[i] * Math.exp(newSteps[i]));
}
