// What bags, numbers and weights do to a training step, each against an equivalent that has none of them.
import { describe, expect, it } from 'vitest';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import type { Pooling } from '../schema/schema.js';

const DIM = 5;
const settings: PartialConfig = {
  model: { dim: DIM, hidden: [12, 8], crossLayers: 2 },
  method: { name: 'full' },
  // Four micro-batches, the last with 2 rows.
  training: { batchSize: 50, microBatch: 16, seed: 3 },
};
const V = 20;
const B = 50;
const labels = Array.from({ length: B }, (_, b) => ((b * 7) % 3) & 1);
/** Bags of one to five rows, with repetitions; no two micro-batches have the same lengths. */
const bags = Array.from({ length: B }, (_, b) =>
  Array.from({ length: 1 + (b % 5) }, (_, k) => (b * 3 + k * (b % 3)) % V),
);

/** A training whose dense parameters are not zero, so that there are gradients everywhere. */
async function create(...args: Parameters<typeof LocalTraining.create>): Promise<LocalTraining> {
  const training = await LocalTraining.create(...args);
  for (const [name, data] of training.dense) {
    for (let i = 0; i < data.length; i++) data[i] = 0.3 * Math.sin(1.7 * i + name.length);
  }
  return training;
}

/** The gradient of every row of a table of `rows`, zero for those not in the batch. */
async function gradientOf(training: LocalTraining, ids: Parameters<LocalTraining['step']>[0], rows: number) {
  const { loss, batch } = await training.step(ids, labels);
  const found = training.exchange.floats('gradient', 0, batch.plan.rows.length * DIM);
  const gradient = new Float32Array(rows * DIM);
  for (const [u, row] of batch.plan.rows.entries()) {
    gradient.set(found.subarray(u * DIM, (u + 1) * DIM), row * DIM);
  }
  return { loss, gradient };
}

function valuesOf(training: LocalTraining, rows: number): Float32Array {
  const values = new Float32Array(rows * DIM);
  training.table.read(allRows(rows), values);
  return values;
}

describe.each(['mean', 'sum'] as const)('a bag pooled by %s', (pooling: Pooling) => {
  it('has the loss and the gradients of a network fed with the pooled vectors', async () => {
    const config = resolveConfig(settings);
    const bagged = await create(config, {
      vocabularySizes: [V, 6],
      fieldVocabularies: [0, 1],
      poolings: [pooling, null],
    });
    const values = valuesOf(bagged, V + 6);
    const plainIds = Array.from({ length: B }, (_, b) => (b * 5) % 6);
    // Every bag becomes a row of its own, which holds what the bag is pooled to.
    const pooled = await create(config, { vocabularySizes: [B, 6], fieldVocabularies: [0, 1] });
    const vectors = new Float32Array((B + 6) * DIM);
    for (const [b, bag] of bags.entries()) {
      const divisor = pooling === 'mean' ? bag.length : 1;
      for (let j = 0; j < DIM; j++) {
        vectors[b * DIM + j] = bag.reduce((sum, row) => sum + values[row * DIM + j], 0) / divisor;
      }
    }
    vectors.set(values.subarray(V * DIM), B * DIM);
    await pooled.setRecords('codes', new Uint8Array(vectors.buffer));

    const found = await gradientOf(
      bagged,
      bags.map((bag, b) => [bag, plainIds[b]]),
      V + 6,
    );
    const truth = await gradientOf(
      pooled,
      plainIds.map((id, b) => [b, id]),
      B + 6,
    );
    const expected = new Float64Array((V + 6) * DIM);
    for (const [b, bag] of bags.entries()) {
      for (const row of bag) {
        for (let j = 0; j < DIM; j++) {
          expected[row * DIM + j] += truth.gradient[b * DIM + j] / (pooling === 'mean' ? bag.length : 1);
        }
      }
    }
    expected.set(truth.gradient.subarray(B * DIM), V * DIM);
    // Pooled in fp32 here and there; the order of the sums differs.
    expect(found.loss).toBeCloseTo(truth.loss, 6);
    const scale = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(found.gradient[i] - value)).toBeLessThanOrEqual(1e-5 * scale);
    }
    expect(scale).toBeGreaterThan(0);
  });

  it.each(['full', 'lpt', 'alpt'] as const)(
    'is, with one element, a plain field to %s, bit for bit',
    async (name) => {
      const config = resolveConfig({ ...settings, method: { name, bits: 4 } });
      const shape = { vocabularySizes: [V, 6], fieldVocabularies: [0, 1] };
      const plain = await create(config, shape);
      const bagged = await create(config, { ...shape, poolings: [pooling, null] });
      const ids = Array.from({ length: B }, (_, b) => [(b * 3) % V, (b * 5) % 6]);
      for (let step = 0; step < 3; step++) {
        const { loss } = await plain.step(ids, labels);
        expect(
          (
            await bagged.step(
              ids.map(([a, b]) => [[a], b]),
              labels,
            )
          ).loss,
        ).toBe(loss);
      }
      expect(valuesOf(bagged, V + 6)).toEqual(valuesOf(plain, V + 6));
      for (const [tensor, data] of plain.dense) expect(bagged.dense.get(tensor), tensor).toEqual(data);
    },
  );
});

it('a mean over the same row twice is that row, bit for bit', async () => {
  const config = resolveConfig(settings);
  const shape = { vocabularySizes: [V], fieldVocabularies: [0] };
  const plain = await create(config, shape);
  const bagged = await create(config, { ...shape, poolings: ['mean'] });
  for (let step = 0; step < 3; step++) {
    const { loss } = await plain.step(
      Array.from({ length: B }, (_, b) => [(b * 3) % V]),
      labels,
    );
    const doubled = Array.from({ length: B }, (_, b) => [[(b * 3) % V, (b * 3) % V]]);
    expect((await bagged.step(doubled, labels)).loss).toBe(loss);
  }
  // The gradient of a row is summed from halves in another order.
  const [a, b] = [valuesOf(plain, V), valuesOf(bagged, V)];
  for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 5);
});

describe('row weights', () => {
  const shape = { vocabularySizes: [V], fieldVocabularies: [0] };
  // Rows occur with different weights, so that Adam cannot divide them out.
  const ids = Array.from({ length: 20 }, (_, b) => [(b * 3) % 7]);
  const weights = ids.map((_, b) => 1 + (b % 3));
  const few = labels.slice(0, 20);

  it('train as repeated rows do', async () => {
    const config = resolveConfig(settings);
    const weighted = await create(config, { ...shape, hasWeight: true });
    const repeated = await create(config, shape);
    const times = <T>(list: readonly T[]) => list.flatMap((x, b) => Array<T>(weights[b]).fill(x));
    for (let step = 0; step < 3; step++) {
      const { loss } = await weighted.step(ids, few, 1, { weights });
      expect(loss).toBeCloseTo((await repeated.step(times(ids), times(few))).loss, 6);
    }
    const [a, b] = [valuesOf(weighted, V), valuesOf(repeated, V)];
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 5);
    // Without them it is another training.
    const plain = await create(config, shape);
    for (let step = 0; step < 3; step++) await plain.step(ids, few);
    expect(Math.max(...valuesOf(plain, V).map((value, i) => Math.abs(value - a[i])))).toBeGreaterThan(1e-4);
  });

  it('of one are none, bit for bit, and batch normalization counts rows whatever they weigh', async () => {
    const config = resolveConfig(merge(settings, { model: { batchNorm: true } }));
    const plain = await create(config, shape);
    const ones = await create(config, { ...shape, hasWeight: true });
    const varied = await create(config, { ...shape, hasWeight: true });
    const { loss } = await plain.step(ids, few);
    expect((await ones.step(ids, few, 1, { weights: weights.map(() => 1) })).loss).toBe(loss);
    expect((await varied.step(ids, few, 1, { weights })).loss).not.toBe(loss);
    expect(valuesOf(ones, V)).toEqual(valuesOf(plain, V));
    for (const statistic of ['mlp.0.norm.mean', 'mlp.0.norm.variance']) {
      expect(varied.dense.get(statistic), statistic).toEqual(plain.dense.get(statistic));
    }
    // The second layer comes before any weight too.
    expect(varied.dense.get('mlp.1.norm.mean')).toEqual(plain.dense.get('mlp.1.norm.mean'));
  });
});

describe('numbers', () => {
  it('are columns of the input: a field whose row holds them does the same, bit for bit', async () => {
    const config = resolveConfig(settings);
    const ids = Array.from({ length: B }, (_, b) => [(b * 3) % V]);
    const numbers = ids.map((_, b) =>
      Array.from({ length: DIM }, (_, n) => Math.fround(Math.sin(b * 5 + n))),
    );
    const withNumbers = await create(config, {
      vocabularySizes: [V],
      fieldVocabularies: [0],
      numbers: numbers[0].map((_, n) => ({ name: `n${n}`, transform: 'none', mean: 0, deviation: 1 })),
    });
    const withField = await create(config, {
      vocabularySizes: [V, B],
      fieldVocabularies: [0, 1],
    });
    for (const [name, data] of withNumbers.dense)
      expect(data.length, name).toBe(withField.dense.get(name)?.length);
    const values = new Float32Array((V + B) * DIM);
    values.set(valuesOf(withNumbers, V));
    values.set(numbers.flat(), V * DIM);
    await withField.setRecords('codes', new Uint8Array(values.buffer));
    const { loss } = await withNumbers.step(ids, labels, 1, { numbers });
    expect(
      (
        await withField.step(
          ids.map(([id], b) => [id, b]),
          labels,
        )
      ).loss,
    ).toBe(loss);
    expect(valuesOf(withNumbers, V)).toEqual(valuesOf(withField, V));
    for (const [name, data] of withNumbers.dense) expect(data, name).toEqual(withField.dense.get(name));
  });
});
