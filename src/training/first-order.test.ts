// What training steps do to first-order weights, against gradients of the interpreter in float64 and the optimizer's rule
// written out: for plain ids and bags, embeddings of their own rows and of pairs, quantized and not.
import { describe, expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { differentiate } from '../graph/differentiate.js';
import { interpret } from '../graph/interpret.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import type { Pooling } from '../schema/schema.js';
import { createModel, type DatasetShape, fieldOffsets, tablePairs } from '../scoring/blueprint.js';
import { readEmbeddings } from '../scoring/read-embeddings.js';
import { isDivergence, rowNotFinite } from './diagnose.js';

const B = 50;
const SIZES = [20, 6];
const V = 26;
const DIM = 5;
const RATE = 0.02;
const DECAY = 0.7;
const labels = Array.from({ length: B }, (_, b) => ((b * 7) % 3) & 1);
const plainIds = Array.from({ length: B }, (_, b) => [(b * b) % 7, (b * 5) % 6]);
// Up to five ids, some of them twice.
const bagIds = Array.from({ length: B }, (_, b) => [
  Array.from({ length: 1 + (b % 5) }, (_, k) => (b * 3 + k * (b % 3)) % 20),
  (b * 5) % 6,
]);
const settings: PartialConfig = {
  model: { name: 'deepfm', dim: DIM, hidden: [12, 8] },
  method: { name: 'full' },
  optimizer: { name: 'adam', learningRate: RATE, weightDecay: DECAY },
  // Four micro-batches, the last with 2 rows.
  training: { batchSize: B, microBatch: 16, seed: 3 },
};

/** The gradient of the batch's loss by every first-order weight (V) at what the network now is, in float64. */
function gradientNow(
  training: LocalTraining,
  shape: DatasetShape,
  ids: (number | number[])[][],
): Float64Array {
  const offsets = fieldOffsets(shape);
  const weights = new Float32Array(V);
  training.firstOrder?.read(allRows(V), weights);
  const embeddings = new Float32Array(V * DIM);
  readEmbeddings(training.table, tablePairs(training.config, shape), allRows(V), embeddings);
  const segments = ids.flatMap((row) =>
    row.map((cell, f) => {
      const rows = (typeof cell === 'number' ? [cell] : cell).map((id) => offsets[f] + id);
      return { rows, divisor: shape.poolings?.[f] === 'mean' ? rows.length : 1 };
    }),
  );
  const pool = (values: Float32Array, dim: number) =>
    segments.flatMap(({ rows, divisor }) =>
      Array.from(
        { length: dim },
        (_, j) => rows.reduce((sum, row) => sum + values[row * dim + j], 0) / divisor,
      ),
    );
  const model = createModel(training.config, shape, 'training');
  if (!model.firstOrder) throw new Error('the model has no first-order weights');
  const [gradient] = differentiate(model.graph, model.loss, [model.firstOrder]);
  const { data } = interpret(
    { gradient },
    {
      x: { shape: [B, 2 * DIM], data: pool(embeddings, DIM) },
      firstOrder: { shape: [B, 2], data: pool(weights, 1) },
      labels: { shape: [B, 1], data: labels },
      weights: { shape: [B, 1], data: new Array<number>(B).fill(1) },
      scale: { shape: [], data: [1 / B] },
      ...Object.fromEntries(
        model.parameters.map(({ name, shape }) => [name, { shape, data: training.dense.get(name) ?? [] }]),
      ),
    },
  ).gradient;
  const out = new Float64Array(V);
  for (const [s, { rows, divisor }] of segments.entries()) {
    for (const row of rows) out[row] += data[s] / divisor;
  }
  return out;
}

/** Fresh, with dense parameters that are not zero, so that there are gradients everywhere. */
async function create(config: ReturnType<typeof resolveConfig>, shape: DatasetShape) {
  const training = await LocalTraining.create(config, shape);
  for (const [name, data] of training.dense) {
    for (let i = 0; i < data.length; i++) data[i] = 0.3 * Math.sin(1.7 * i + name.length);
  }
  return training;
}

const weightsOf = (training: LocalTraining) => {
  const weights = new Float32Array(V);
  training.firstOrder?.read(allRows(V), weights);
  return weights;
};

describe.each([
  ['full', {}],
  ['alpt', { method: { name: 'alpt', bits: 8 } }],
  ['hashing', { method: { name: 'hashing' }, hashing: { ratio: 3 } }],
] as const)('%s', (_, more) => {
  const config = resolveConfig(merge(settings, more));

  it.each([null, 'mean', 'sum'] as const)(
    'moves the weights of the batch by Adam on their gradients, and no other, pooling: %s',
    async (pooling: Pooling | null) => {
      const shape: DatasetShape = {
        vocabularySizes: SIZES,
        fieldVocabularies: [0, 1],
        ...(pooling && { poolings: [pooling, null] }),
      };
      const ids: (number | number[])[][] = pooling ? bagIds : plainIds;
      const training = await create(config, shape);
      expect([...weightsOf(training)].every((weight) => weight === 0)).toBe(true);
      const [first, second, weights] = [new Float64Array(V), new Float64Array(V), new Float64Array(V)];
      const seen = new Set(
        ids.flatMap((row) => row.flatMap((cell, f) => [cell].flat().map((id) => 20 * f + id))),
      );
      for (let t = 1; t <= 3; t++) {
        const gradient = gradientNow(training, shape, ids);
        // The schedule's factor is on this rate too.
        const factor = t === 3 ? 0.5 : 1;
        await training.step(ids, labels, factor);
        const found = weightsOf(training);
        for (let row = 0; row < V; row++) {
          if (!seen.has(row)) {
            expect(found[row]).toBeCloseTo(0, 30);
            continue;
          }
          const g = gradient[row] + DECAY * weights[row];
          first[row] = 0.9 * first[row] + 0.1 * g;
          second[row] = 0.999 * second[row] + 0.001 * g * g;
          weights[row] -=
            (factor * RATE * (first[row] / (1 - 0.9 ** t))) /
            (Math.sqrt(second[row] / (1 - 0.999 ** t)) + 1e-8);
          // fp32 gradients of up to some hundred terms, of which Adam takes the sign and a ratio.
          expect(Math.abs(found[row] - weights[row]), `row ${row}, step ${t}`).toBeLessThan(2e-5);
          // What the next gradient is taken at.
          weights[row] = found[row];
        }
      }
      expect(new Set(weights).size).toBeGreaterThan(10);
    },
  );

  it('sees in each pass the weights that the pass before left', async () => {
    const shape = { vocabularySizes: SIZES, fieldVocabularies: [0, 1] };
    const training = await create(config, shape);
    await training.step(plainIds, labels);
    const before = weightsOf(training);
    const { batch } = await training.step(plainIds, labels);
    const after = weightsOf(training);
    expect(after).not.toEqual(before);
    // What the last pass of the step was expanded from: of two passes the second, behind the update.
    const passes = config.method.name === 'alpt' ? 2 : 1;
    const expected = passes === 2 ? after : before;
    const seen = training.exchange.floats('firstOrder', 0, batch.plan.rows.length);
    expect([...seen]).toEqual([...batch.plan.rows].map((row) => expected[row]));
    expect(training.network.runs).toBe(2 * passes * 4);
  });
});

it('takes no room where a model has no first-order weights', async () => {
  const shape = { vocabularySizes: SIZES, fieldVocabularies: [0, 1] };
  const plain = resolveConfig(merge(settings, { model: { name: 'dcn' } }));
  const { firstOrder, exchange } = await LocalTraining.create(plain, shape);
  expect(firstOrder).toBeNull();
  const { at } = exchange;
  // Regions of no bytes begin where the next would.
  expect(at.firstOrderSums).toBe(at.firstOrder);
  expect(at.firstOrder).toBe(Math.ceil((at.running + 4 * exchange.shape.statistics) / 64) * 64);
});

describe('a number that is not finite is said to be of the weight it is in', () => {
  const shape = { vocabularySizes: SIZES, fieldVocabularies: [0, 1] };

  it('in the loss', async () => {
    const training = await create(resolveConfig(settings), shape);
    const rows = Uint32Array.of(21);
    training.firstOrder?.touch(rows);
    training.firstOrder?.writeValues(rows, Float32Array.of(Number.POSITIVE_INFINITY));
    // Label 0 in some rows with id 1 of the second field.
    const error = await training.step(plainIds, labels).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining("is Infinity, in row 21 of table 'first-order'."),
    });
    expect(isDivergence(error)).toBe(true);
  });

  it('in a gradient', () => {
    const error = rowNotFinite(3, 7, 'first-order');
    expect(error.message).toBe("The gradient of row 3 of table 'first-order' is not finite at step 7.");
    expect(isDivergence(error)).toBe(true);
  });
});
