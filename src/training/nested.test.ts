// What the goldens and the conformance suite do not reach of nested codes: the first step, its floor, and the second pass.
import { expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { grid } from '../quantization/grid.js';
import { slopeAt, stepSlope, valueOnGrid } from '../quantization/master-value.js';
import { type PartialConfig, resolveConfig } from '../runs/resolve-config.js';

const ROWS = 20;
const DIM = 3;
const ids = Array.from({ length: 40 }, (_, i) => [i % ROWS]);
const labels = ids.map(([id], i) => (id + (i >> 4)) & 1);

async function training(nested: PartialConfig, bits = 4, deviation = 0.003): Promise<LocalTraining> {
  const config = resolveConfig({
    model: { dim: DIM, hidden: [4], crossLayers: 1, initialDeviation: deviation },
    method: { name: 'nested', bits },
    nested,
    training: { batchSize: ids.length },
  });
  const local = await LocalTraining.create(config, { vocabularySizes: [ROWS], fieldVocabularies: [0] });
  let i = 0;
  for (const data of local.dense.values())
    for (let j = 0; j < data.length; j++) data[j] = 0.5 * Math.sin(1 + 2.7 * i++);
  return local;
}

it('begins with the best step for rows as they become, or for initial ones that are larger', async () => {
  const first = async (bits: number, deviation: number) =>
    (await training({}, bits, deviation)).memory.spec.storage.tableStep;
  expect(await first(4, 0.003)).toBeCloseTo(0.033 * 0.3352, 8);
  expect(await first(2, 0.003)).toBeCloseTo(0.033 * 0.9957, 8);
  expect(await first(2, 0.1)).toBeCloseTo(0.1 * 0.9957, 8);
});

it('keeps every served step at or above the floor, as stored', async () => {
  const stepFloor = 0.01;
  const local = await training({ stepFloor, stepLearningRate: 0.2, firstStep: 0.0101 });
  const steps = new Float32Array(ROWS);
  await local.step(ids, labels);
  local.table.readSteps(allRows(ROWS), steps);
  expect(Math.min(...steps)).toBe(Math.fround(stepFloor));
  expect(Math.max(...steps)).toBeGreaterThan(0.012);
});

it.each(['adam', 'sgd'])(
  'leaves steps as they begin at a rate of 0, with %s, and learns',
  async (stepOptimizer) => {
    const local = await training({ stepOptimizer, stepLearningRate: 0, firstStep: 0.05 });
    const [steps, before, after] = [ROWS, ROWS * DIM, ROWS * DIM].map((length) => new Float32Array(length));
    local.table.readStored(allRows(ROWS), before);
    for (let step = 0; step < 3; step++) await local.step(ids, labels);
    local.table.readSteps(allRows(ROWS), steps);
    expect([...new Set(steps)]).toEqual([Math.fround(0.05)]);
    local.table.readStored(allRows(ROWS), after);
    expect(after).not.toEqual(before);
  },
);

it('with two passes learns the step at the changed values, as the network sees them', async () => {
  const local = await training({
    passes: 2,
    gradientScale: '1',
    stepDomain: 'linear',
    stepLearningRate: 1e-6,
  });
  const { table, exchange, network } = local;
  const stored = new Float32Array(ROWS * DIM);
  const steps = new Float32Array(ROWS);
  table.readStored(allRows(ROWS), stored);
  table.readSteps(allRows(ROWS), steps);
  const once = await training({});
  await once.step(ids, labels);
  await local.step(ids, labels);
  expect(network.runs).toBe(2 * once.network.runs);
  const change = exchange.floats('change', 0, ROWS * DIM);
  const gradient = exchange.floats('gradient', 0, ROWS * DIM);
  const dSteps = exchange.floats('dSteps', 0, ROWS);
  const served = grid(4);
  // The row optimizer's change is the same in both: the first pass is.
  expect([...change]).toEqual([...once.exchange.floats('change', 0, ROWS * DIM)]);
  for (let row = 0; row < ROWS; row++) {
    let sum = 0;
    for (let i = row * DIM; i < (row + 1) * DIM; i++) {
      sum += gradient[i] * slopeAt(stored[i] + change[i], steps[row], served, stepSlope(served));
    }
    expect(Math.abs(dSteps[row] - sum)).toBeLessThan(1e-6 + 1e-4 * Math.abs(sum));
  }
  expect(dSteps.some((each) => Math.abs(each) > 1e-6)).toBe(true);
  // What is written is near the changed value: less than one stored step off.
  const values = new Float32Array(ROWS * DIM);
  table.readStored(allRows(ROWS), values);
  values.forEach((value, i) => {
    expect(Math.abs(value - stored[i] - change[i])).toBeLessThan(steps[0] / 15);
    expect(Math.abs(valueOnGrid(value, steps[0], served) - value)).toBeLessThanOrEqual(0.501 * steps[0]);
  });
});
