// What the goldens do not reach of LSQ and PACT: the floor of what is learned, the scales of its gradient, rows that
// are still initial, and what the table is said to hold.
import { describe, expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { grid } from '../quantization/grid.js';
import { valueOnGrid } from '../quantization/master-value.js';
import { packedBytes } from '../quantization/packing.js';
import { type PartialConfig, resolveConfig } from '../runs/resolve-config.js';

const ROWS = 20;
const DIM = 3;
const BITS = 4;
const { highest: q } = grid(BITS);
const ids = Array.from({ length: 40 }, (_, i) => [i % ROWS]);
const labels = ids.map(([id], i) => (id + (i >> 4)) & 1);

async function training(name: 'lsq' | 'pact', options: PartialConfig): Promise<LocalTraining> {
  const config = resolveConfig({
    model: { dim: DIM, hidden: [4], crossLayers: 1 },
    method: { name, bits: BITS },
    [name]: options,
    training: { batchSize: ids.length },
  });
  const local = await LocalTraining.create(config, { vocabularySizes: [ROWS + 4], fieldVocabularies: [0] });
  let i = 0;
  for (const data of local.dense.values())
    for (let j = 0; j < data.length; j++) data[j] = 0.5 * Math.sin(1 + 2.7 * i++);
  return local;
}

function stepsOf({ table }: LocalTraining): Float32Array {
  const steps = new Float32Array(ROWS);
  table.readSteps(allRows(ROWS), steps);
  return steps;
}

describe.each(['table', 'row'] as const)('with a step per %s', (granularity) => {
  it('keeps steps and clips at the floor, as stored', async () => {
    // They begin far below it, and move by the rate at most.
    const floor = 0.05;
    const [first, rate] = [0.002, 1e-3];
    const lsq = { granularity, stepFloor: floor, firstStep: first, stepLearningRate: rate };
    const pact = { granularity, clipFloor: floor, firstClip: first, clipLearningRate: rate };
    for (const [local, unit] of [
      [await training('lsq', lsq), 1],
      [await training('pact', pact), q],
    ] as const) {
      await local.step(ids, labels);
      expect([...new Set(stepsOf(local))]).toEqual([Math.fround(floor / unit)]);
    }
  });

  it('moves one step for all rows, or each its own', async () => {
    const local = await training('lsq', { granularity, stepLearningRate: 1e-3 });
    for (let step = 0; step < 3; step++) await local.step(ids, labels);
    expect(new Set(stepsOf(local)).size === 1).toBe(granularity === 'table');
  });

  it('sees rows that were never written on the grid of the first step, or of the table', async () => {
    const local = await training('lsq', { granularity, stepLearningRate: 1e-3 });
    const first = local.memory.spec.storage.tableStep;
    await local.step(ids, labels);
    const initial = Uint32Array.of(ROWS + 2);
    const [stored, seen] = [new Float32Array(DIM), new Float32Array(DIM)];
    const [step] = [new Float32Array(1)];
    local.table.readStored(initial, stored);
    local.table.read(initial, seen);
    local.table.readSteps(initial, step);
    expect(step[0] === first).toBe(granularity === 'row');
    expect([...seen]).toEqual(Array.from(stored, (value) => valueOnGrid(value, step[0], grid(BITS))));
    expect(stored.every((value, j) => value !== seen[j])).toBe(true);
  });

  it('counts the master as memory, and codes as what is served', async () => {
    const { method, memory } = await training('pact', { granularity });
    expect(memory.spec.layout.codeBytes).toBe(4 * DIM);
    expect(method.servedRowBytes).toBe(packedBytes(DIM, BITS) + (granularity === 'row' ? 4 : 0));
    expect(memory.parameters.byteLength).toBe(granularity === 'row' ? 0 : 12);
  });
});

it('scales the gradient of a step by g', async () => {
  const [b, d, u] = [ids.length, DIM, ROWS];
  const shared = { '1/sqrt(nq)': u * d * q, '1/sqrt(bdq)': b * d * q, '1/sqrt(dq)': d * q, '1': 1 };
  for (const [gradientScale, square] of Object.entries(shared)) {
    const local = await training('lsq', { gradientScale });
    await local.step(ids, labels);
    const sum = local.exchange.floats('dSteps', 0, ROWS).reduce((total, each) => total + each, 0);
    // The first moment after one step: (1 − β1) · gradient.
    const expected = 0.1 * (sum / Math.sqrt(square));
    expect(Math.abs(local.table.parameters[1] - expected)).toBeLessThan(1e-6 * Math.abs(expected));
  }
  const own = { '1/sqrt(nq)': d * q, '1/sqrt(bdq)': b * d * q, '1/sqrt(dq)': d * q };
  const plain = await training('lsq', { granularity: 'row', gradientScale: '1' });
  await plain.step(ids, labels);
  const gradients = plain.exchange.floats('dSteps', 0, ROWS);
  expect(gradients.some((gradient) => gradient !== 0)).toBe(true);
  for (const [gradientScale, square] of Object.entries(own)) {
    const local = await training('lsq', { granularity: 'row', gradientScale });
    await local.step(ids, labels);
    for (const [row, scaled] of local.exchange.floats('dSteps', 0, ROWS).entries()) {
      const expected = gradients[row] / Math.sqrt(square);
      expect(Math.abs(scaled - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
    }
  }
});
