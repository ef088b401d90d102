// What the goldens do not reach of ALPT: exact ties, the floor of the step, and the scales of its gradient.
import { expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { resolveConfig } from '../runs/resolve-config.js';

const ROWS = 20;
const DIM = 3;
const BITS = 4;
const ids = Array.from({ length: 40 }, (_, i) => [i % ROWS]);
const labels = ids.map(([id], i) => (id + (i >> 4)) & 1);

async function training(alpt: Record<string, unknown>): Promise<LocalTraining> {
  const config = resolveConfig({
    model: { dim: DIM, hidden: [4], crossLayers: 1 },
    method: { name: 'alpt', bits: BITS },
    alpt,
    training: { batchSize: ids.length },
  });
  const local = await LocalTraining.create(config, { vocabularySizes: [ROWS], fieldVocabularies: [0] });
  let i = 0;
  for (const data of local.dense.values())
    for (let j = 0; j < data.length; j++) data[j] = 0.5 * Math.sin(1 + 2.7 * i++);
  return local;
}

it('keeps every step at or above the floor, as stored', async () => {
  const stepFloor = 0.001;
  // Adam's first move is the rate: far below zero for half of the rows.
  const local = await training({ stepFloor, stepLearningRate: 0.1 });
  const steps = new Float32Array(ROWS);
  for (let step = 0; step < 3; step++) {
    await local.step(ids, labels);
    local.table.readSteps(allRows(ROWS), steps);
    expect(Math.min(...steps)).toBe(Math.fround(stepFloor));
    expect(Math.max(...steps)).toBeGreaterThan(0.1);
  }
});

it('scales the gradient of a step by g', async () => {
  const gradients: Record<string, Float32Array> = {};
  for (const gradientScale of ['1', '1/sqrt(dq)', '1/sqrt(bdq)']) {
    const local = await training({ gradientScale });
    await local.step(ids, labels);
    gradients[gradientScale] = local.exchange.floats('dSteps', 0, ROWS).slice();
  }
  const q = 2 ** (BITS - 1) - 1;
  const [b, d] = [ids.length, DIM];
  expect(gradients['1'].some((gradient) => gradient !== 0)).toBe(true);
  gradients['1'].forEach((gradient, row) => {
    const close = (name: string, g: number) =>
      expect(Math.abs(gradients[name][row] - g * gradient)).toBeLessThanOrEqual(
        1e-6 * Math.abs(g * gradient),
      );
    close('1/sqrt(dq)', 1 / Math.sqrt(d * q));
    close('1/sqrt(bdq)', 1 / Math.sqrt(b * d * q));
  });
});

it('sends exact ties toward +∞, in the second pass, its gradient and the stored codes', async () => {
  const step = 2 ** -6;
  const { table } = await training({ firstStep: step });
  const rows = allRows(ROWS);
  const all = (value: number) => new Float32Array(ROWS * DIM).fill(value);
  const values = all(0);
  const dSteps = new Float32Array(ROWS);
  table.touch(rows);
  table.read(rows, values);
  // Initial values lie within a step of 0, so that no limit is near.
  const codes = values.map((value) => value / step);
  expect(codes.every((code) => Math.abs(code) <= 1)).toBe(true);
  for (const halves of [-3, -1, 1, 3]) {
    const change = all((halves / 2) * step);
    table.forward(rows, change, values);
    expect(values).toEqual(codes.map((code) => (code + (halves + 1) / 2) * step + 0));
    table.stepGradient(rows, change, all(1), () => 1, dSteps);
    expect([...new Set(dSteps)]).toEqual([0.5 * DIM]);
  }
  table.writeCodes(rows, all(-0.5 * step), new Float32Array(ROWS).fill(step), 1, 'deterministic');
  table.read(rows, values);
  expect(values).toEqual(codes.map((code) => code * step + 0));
  table.writeCodes(rows, all(0.5 * step), new Float32Array(ROWS).fill(step), 1, 'deterministic');
  table.read(rows, values);
  expect(values).toEqual(codes.map((code) => (code + 1) * step + 0));
});

it('learns steps from the gradients of the first pass where it reuses them, at the changed values', async () => {
  const local = await training({ pass: 'reuse' });
  const rows = allRows(ROWS);
  await local.step(ids, labels);
  expect(local.network.runs).toBe(1);
  const [gradient, change] = (['gradient', 'change'] as const).map((region) =>
    local.exchange.floats(region, 0, ROWS * DIM).slice(),
  );
  // Another table with the same initial rows, which the step has not moved yet.
  const { table } = await training({});
  const dSteps = new Float32Array(ROWS);
  table.touch(rows);
  const g = 1 / Math.sqrt(ids.length * DIM * (2 ** (BITS - 1) - 1));
  table.stepGradient(rows, change, gradient, () => g, dSteps);
  expect(dSteps.some((value) => value !== 0)).toBe(true);
  expect(local.exchange.floats('dSteps', 0, ROWS)).toEqual(dSteps);
});

it('changes rows and network alike, whatever the pass: only steps differ', async () => {
  const changes: Float32Array[] = [];
  const dSteps: Float32Array[] = [];
  for (const pass of ['full', 'sampled', 'reuse']) {
    const local = await training({ pass, passShare: 0.25 });
    await local.step(ids, labels);
    changes.push(local.exchange.floats('change', 0, ROWS * DIM).slice());
    dSteps.push(local.exchange.floats('dSteps', 0, ROWS).slice());
  }
  expect(changes[1]).toEqual(changes[0]);
  expect(changes[2]).toEqual(changes[0]);
  expect(dSteps[2]).not.toEqual(dSteps[0]);
});
