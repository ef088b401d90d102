// The network's passes over a batch of several micro-batches, against the float64 interpreter run on each
// micro-batch's real rows alone, with dropout masks straight from the definition of the counter.
import { beforeAll, describe, expect, it } from 'vitest';
import { LocalTraining } from '../../test/local-training.js';
import { differentiate } from '../graph/differentiate.js';
import { interpret } from '../graph/interpret.js';
import type { Node } from '../graph/node.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { philox } from '../random/philox.js';
import { Stream, seedKey, streamWord } from '../random/streams.js';
import { uniform } from '../random/uniform.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { createModel } from '../scoring/blueprint.js';
import type { PlannedBatch } from './exchange.js';
import { samplePass } from './pass-sample.js';

const ROWS = 40;
const DIM = 3;
const SIZES = [6, 9];
const RATE = 0.4;
const SEED = 2 ** 33 + 5;
const shape = { vocabularySizes: SIZES, fieldVocabularies: [0, 1] };
const config = resolveConfig({
  model: { dim: DIM, hidden: [6, 4], crossLayers: 2, dropout: RATE, batchNorm: true },
  training: { batchSize: ROWS, microBatch: 16, seed: SEED },
});
const model = createModel(config, shape, 'training');
const ids = Array.from({ length: ROWS }, (_, i) => [(i * i) % 6, (3 * i + (i >> 3)) % 9]);
const labels = ids.map(([a, b]) => (a + b) & 1);

/** Leaves the gradient as the change, so that parameters move by the gradient itself. */
const identity: Optimizer = { name: 'identity', stateBytes: () => 0, change() {} };

/** Loss, gradients and statistics, summed over micro-batches (statistics weighed by rows), of a sample where one is given. */
function expected(
  training: LocalTraining,
  batch: PlannedBatch,
  values: Float32Array,
  trainingStep: number,
  sample: Uint8Array = new Uint8Array(3).fill(1),
) {
  const share = sample.reduce((sum, chosen) => sum + chosen) / sample.length;
  const nodes = [model.x, ...model.parameters.map(({ node }) => node)];
  const [dX, ...dParameters] = differentiate(model.graph, model.loss, nodes);
  const outputs: Record<string, Node> = {
    loss: model.loss,
    dX,
    ...Object.fromEntries(model.parameters.map(({ name }, i) => [name, dParameters[i]])),
    ...Object.fromEntries(model.statistics.map(({ name, node }) => [name, node])),
  };
  const sums = new Map<string, Float64Array>();
  const add = (name: string, data: ArrayLike<number>, weight = 1) => {
    const sum = sums.get(name) ?? new Float64Array(data.length);
    for (let i = 0; i < sum.length; i++) sum[i] += weight * data[i];
    sums.set(name, sum);
  };
  const rows = [...batch.plan.rows];
  for (const [index, { firstRow, rows: count }] of batch.microBatches.entries()) {
    if (sample[index] === 0) continue;
    const positions = ids
      .slice(firstRow, firstRow + count)
      .flatMap(([a, b]) => [rows.indexOf(a), rows.indexOf(SIZES[0] + b)]);
    const feeds = {
      x: {
        shape: [count, 2 * DIM],
        data: positions.flatMap((p) => [...values.subarray(p * DIM, (p + 1) * DIM)]),
      },
      labels: { shape: [count, 1], data: labels.slice(firstRow, firstRow + count) },
      weights: { shape: [count, 1], data: new Array<number>(count).fill(1) },
      scale: { shape: [], data: [1 / (share * ROWS)] },
      ...Object.fromEntries(
        model.parameters.map(({ name, shape }) => [name, { shape, data: training.dense.get(name) ?? [] }]),
      ),
      ...Object.fromEntries(
        model.dropouts.map(({ name, layer, width }) => [
          name,
          { shape: [count, width], data: mask(trainingStep, layer, firstRow, count, width) },
        ]),
      ),
    };
    const results = interpret(outputs, feeds);
    add('loss', results.loss.data);
    const gradient = new Float64Array(rows.length * DIM);
    for (const [at, position] of positions.entries()) {
      for (let d = 0; d < DIM; d++) gradient[position * DIM + d] += results.dX.data[at * DIM + d];
    }
    add('gradient', gradient);
    for (const { name } of model.parameters) add(name, results[name].data);
    for (const { name } of model.statistics) add(name, results[name].data, count / ROWS);
  }
  return sums;
}

function mask(step: number, layer: number, firstRow: number, rows: number, width: number): number[] {
  const [low, high] = seedKey(SEED);
  const words = new Uint32Array(4);
  return Array.from({ length: rows * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    philox(words, 0, low, high, step, layer, firstRow + row, streamWord(Stream.dropout, column >> 2));
    return uniform(words[column & 3]) < 1 - RATE ? 1 / (1 - RATE) : 0;
  });
}

function expectClose(found: ArrayLike<number>, wanted: Float64Array | undefined, what: string): void {
  expect(found.length, what).toBe(wanted?.length);
  // Numbers of at most 10 that some dozens of fp32 roundings went into, and a difference of parameters near 1.
  wanted?.forEach((value, i) => {
    expect(Math.abs(found[i] - value), `${what}[${i}]`).toBeLessThan(5e-6 * (1 + Math.abs(value)));
  });
}

describe('a step of two passes', () => {
  let training: LocalTraining;
  let batch: PlannedBatch;
  let values: Float32Array;
  const snapshot = () => new Map([...training.dense].map(([name, data]) => [name, data.slice()]));
  const pass = async (updatesDense: boolean, trainingStep: number) => {
    training.network.begin(batch, { trainingStep, learningRate: 1, weightDecay: 0 });
    const gradient: number[] = [];
    for (const block of await training.network.backward({ updatesDense })) gradient.push(...block.gradient);
    return gradient;
  };

  beforeAll(async () => {
    training = await LocalTraining.create(config, shape, identity);
    batch = training.plan(ids, labels);
    values = training.exchange.floats('values', 0, batch.plan.rows.length * DIM);
    let i = 0;
    for (const data of training.dense.values()) {
      for (let j = 0; j < data.length; j++) data[j] = 0.6 * Math.sin(1 + 2.7 * i++);
    }
    for (let j = 0; j < values.length; j++) values[j] = Math.sin(3 + 1.9 * j);
  });

  it('has several micro-batches of different numbers of rows', () => {
    expect(batch.microBatches.map(({ rows, paddedRows }) => [rows, paddedRows])).toEqual([
      [16, 16],
      [16, 16],
      [8, 16],
    ]);
  });

  it('gives the gradients of the whole batch, padding rows left out, masks by the row of the batch', async () => {
    const wanted = expected(training, batch, values, 3);
    const before = snapshot();
    const gradient = await pass(true, 3);
    expectClose(gradient, wanted.get('gradient'), 'gradient');
    expectClose([training.network.loss(batch)], wanted.get('loss'), 'loss');
    for (const { name } of model.parameters) {
      const old = before.get(name) ?? [];
      const moves = Array.from(training.dense.get(name) ?? [], (value, i) => value - old[i]);
      expectClose(moves, wanted.get(name), name);
    }
    for (const { name } of model.statistics) {
      const old = before.get(name) ?? [];
      const mixed = wanted.get(name)?.map((value, i) => 0.9 * old[i] + 0.1 * value);
      expectClose(training.dense.get(name) ?? [], mixed, name);
    }
  });

  it('draws the same masks in the second pass, which changes nothing of the network', async () => {
    const before = snapshot();
    const loss = training.network.loss(batch);
    // The parameters moved: the gradients are those at the new ones, with the masks of step 3 again.
    expectClose(await pass(false, 3), expected(training, batch, values, 3).get('gradient'), 'gradient');
    expect(snapshot()).toEqual(before);
    expect(training.network.loss(batch)).toBe(loss);
  });

  it('gives a share of the micro-batches the weight of all, and other rows no gradient', async () => {
    const seen = new Set<string>();
    for (let step = 3; step < 20; step++) {
      const sample = samplePass(3, 0.4, SEED, step);
      seen.add(sample.join());
      training.network.begin(batch, { trainingStep: step, learningRate: 1, weightDecay: 0 });
      const gradient: number[] = [];
      for (const block of await training.network.backward({ updatesDense: false, share: 0.4 }))
        gradient.push(...block.gradient);
      const wanted = expected(training, batch, values, step, sample).get('gradient');
      expectClose(gradient, wanted, 'gradient');
      wanted?.forEach((value, i) => {
        if (value === 0) expect(gradient[i]).toBe(0);
      });
    }
    expect([...seen].toSorted()).toEqual(['0,0,1', '0,1,0', '1,0,0']);
  });

  it('draws other masks in another step', async () => {
    const again = await pass(false, 3);
    expect(await pass(false, 3)).toEqual(again);
    expect(await pass(false, 4)).not.toEqual(again);
  });
});
