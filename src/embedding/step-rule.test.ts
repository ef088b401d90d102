// How steps move, on a table without a network: domains, floor, and what becomes of a new step in two bytes.
import { describe, expect, it } from 'vitest';
import { allRows } from '../../test/local-training.js';
import { smallTable } from '../../test/small-table.js';
import { sgd } from '../optimizers/sgd.js';
import { roundToHalf } from '../quantization/half.js';
import type { StepBytes } from '../quantization/row-grid.js';
import type { Storage } from './layout.js';
import { createStepRule, moveSteps, type StepRule } from './step-rule.js';
import { type Rounding, Table } from './table.js';

const ROWS = 3000;
const DIM = 3;
/** A half; the next ones lie 2^−18 away. */
const FIRST_STEP = 2 ** -8 * 1.25;
const ULP = 2 ** -18;

function tableOf(stepBytes: StepBytes, threads = 1): Table {
  const storage: Storage = { bits: 8, tableStep: FIRST_STEP, hasRowStep: true, stepBytes };
  const optimizer = sgd.create();
  const memory = smallTable({
    dim: DIM,
    offsets: [0, ROWS / 3, ROWS],
    storage,
    optimizer,
    seed: 5,
    deviation: 0.01,
    threads,
  });
  return new Table(memory, 0);
}

/** Of rate 1: the change is minus the gradient, by the step or its logarithm. */
const rule = (stepBytes: StepBytes, rounding: Rounding, more: object = {}): StepRule =>
  createStepRule(
    {
      stepOptimizer: 'sgd',
      stepState: 'fp32',
      stepDomain: 'linear',
      stepLearningRate: 1,
      stepWeightDecay: 0,
      stepFloor: 1e-8,
      stepEpsilon: 1e-20,
      ...more,
    },
    { weightDecay: 0, stepBytes, rounding },
  );

/** New steps of `rows` after a move by minus `gradient`. */
function moved(
  table: Table,
  stepRule: StepRule,
  gradient: number,
  trainingStep = 1,
  rows = allRows(ROWS),
): Float32Array {
  const [steps, dSteps, newSteps] = [0, gradient, 0].map((x) => new Float32Array(rows.length).fill(x));
  table.touch(rows);
  moveSteps(table, stepRule, { trainingStep, rateFactor: 1 }, rows, steps, dSteps, newSteps);
  return newSteps;
}

const distinct = (steps: Float32Array) => [...new Set(steps)].sort((a, b) => a - b);

it.each([4, 2] as const)('a step without a gradient stays in every bit, %i bytes', (stepBytes) => {
  for (const stepDomain of ['linear', 'log']) {
    const still = moved(tableOf(stepBytes), rule(stepBytes, 'stochastic', { stepDomain }), 0);
    expect(distinct(still)).toEqual([FIRST_STEP]);
  }
});

it('moves by the change, or by the factor that it is the logarithm of', () => {
  expect(distinct(moved(tableOf(4), rule(4, 'stochastic'), -0.001))).toEqual([
    Math.fround(FIRST_STEP + Math.fround(0.001)),
  ]);
  // The gradient by ln step is the gradient by the step times the step.
  const log = moved(tableOf(4), rule(4, 'stochastic', { stepDomain: 'log' }), -20);
  expect(log[0] / FIRST_STEP).toBeCloseTo(Math.exp(20 * FIRST_STEP), 5);
});

it('decays: λ·step is added to the gradient by the step', () => {
  const linear = moved(tableOf(4), rule(4, 'stochastic', { stepWeightDecay: 0.1 }), 0);
  expect(linear[0] / FIRST_STEP).toBeCloseTo(0.9, 6);
  const log = moved(tableOf(4), rule(4, 'stochastic', { stepDomain: 'log', stepWeightDecay: 100 }), 0);
  expect(log[0] / FIRST_STEP).toBeCloseTo(Math.exp(-100 * FIRST_STEP ** 2), 6);
});

describe('in half precision', () => {
  it.each([0.03, 0.25, 0.5, 0.9])(
    'a move by %d of a unit goes the whole way with that probability',
    (share) => {
      const newSteps = moved(tableOf(2), rule(2, 'stochastic'), -share * ULP);
      expect(distinct(newSteps)).toEqual([FIRST_STEP, FIRST_STEP + ULP]);
      const ups = newSteps.filter((step) => step > FIRST_STEP).length;
      // Four standard deviations.
      expect(Math.abs(ups / ROWS - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / ROWS));
    },
  );

  it('goes there in some steps and not in others, and in each alike for a row among whatever neighbours', () => {
    const [first, again, other] = [1, 1, 2].map((t) =>
      moved(tableOf(2), rule(2, 'stochastic'), -0.5 * ULP, t),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const few = Uint32Array.of(3, 999, 1000, 2500);
    const alone = moved(tableOf(2), rule(2, 'stochastic'), -0.5 * ULP, 1, few);
    expect([...alone]).toEqual([...few].map((row) => first[row]));
    // Ids 3 of both vocabularies draw numbers of their own.
    const same = Array.from({ length: 900 }, (_, id) => Number(first[id] === first[ROWS / 3 + id]));
    expect(same.reduce((sum, one) => sum + one, 0) / 900).toBeLessThan(0.6);
  });

  it('goes to the nearest where rounding is deterministic', () => {
    for (const [share, units] of [
      [0.4, 0],
      [0.6, 1],
    ]) {
      const newSteps = moved(tableOf(2), rule(2, 'deterministic'), -share * ULP);
      expect(distinct(newSteps)).toEqual([FIRST_STEP + units * ULP]);
    }
  });

  it('stays at the floor, which is a half, and never below', () => {
    const stepRule = rule(2, 'stochastic', { stepFloor: 0.001 });
    expect(stepRule.floor).toBe(roundToHalf(Math.fround(0.001), Math.ceil));
    expect(distinct(moved(tableOf(2), stepRule, 1))).toEqual([stepRule.floor]);
    // The default floor is less than the least half.
    expect(distinct(moved(tableOf(2), rule(2, 'stochastic'), 1))).toEqual([2 ** -24]);
  });

  it('codes are formed with the step that is stored', () => {
    const table = tableOf(2);
    const rows = allRows(ROWS);
    table.touch(rows);
    const values = new Float32Array(ROWS * DIM);
    table.read(rows, values);
    // Up to 90 codes away: a code formed with a step half a unit off would be another here and there.
    const target = values.map((_, i) => FIRST_STEP * (90 + (i % 7) * 0.1));
    const newSteps = moved(table, rule(2, 'stochastic'), -3.5 * ULP);
    const change = target.map((value, i) => value - values[i]);
    table.writeCodes(rows, change, newSteps, 1, 'deterministic');
    const stored = new Float32Array(ROWS);
    table.readSteps(rows, stored);
    expect(stored).toEqual(newSteps);
    table.read(rows, values);
    for (const [i, value] of values.entries()) {
      expect(Math.abs(value - target[i])).toBeLessThanOrEqual(0.5001 * stored[Math.floor(i / DIM)]);
    }
  });
});

it('state is 8 bytes with Adam, 4 with rms, half in bf16, none with sgd', () => {
  const bytes = (stepOptimizer: string, stepState: string) =>
    rule(4, 'stochastic', { stepOptimizer, stepState }).optimizer.stateBytes(1);
  expect([bytes('adam', 'fp32'), bytes('adam', 'bf16')]).toEqual([8, 4]);
  expect([bytes('rms', 'fp32'), bytes('rms', 'bf16'), bytes('sgd', 'fp32')]).toEqual([4, 2, 0]);
});
