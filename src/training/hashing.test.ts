// Embeddings made of two stored rows: what a training step does to the rows, against the definition in float64.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeEncodedDataset } from '../../test/encoded-dataset.js';
import { allRows, LocalTraining } from '../../test/local-training.js';
import { combinations } from '../embedding/pairs.js';
import { interpret } from '../graph/interpret.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import type { Pooling } from '../schema/schema.js';
import { createModel, fieldOffsets } from '../scoring/blueprint.js';
import { readEmbeddings } from '../scoring/read-embeddings.js';
import { Trainer } from './trainer.js';

const DIM = 5;
const B = 50;
const SIZES = [20, 6];
const RATIO = 3;
/** ⌈26 / 3⌉. */
const QUOTIENTS = 9;
const STORED = QUOTIENTS + RATIO;
const RATE = 0.01;
const settings: PartialConfig = {
  model: { dim: DIM, hidden: [12, 8], crossLayers: 2 },
  method: { name: 'hashing' },
  hashing: { ratio: RATIO },
  optimizer: { learningRate: RATE },
  dense: { learningRate: null },
  // Four micro-batches, the last with 2 rows.
  training: { batchSize: B, microBatch: 16, seed: 3 },
};
const labels = Array.from({ length: B }, (_, b) => ((b * 7) % 3) & 1);
const plainIds = Array.from({ length: B }, (_, b) => [(b * b) % 7, (b * 5) % 6]);
const bagIds = Array.from({ length: B }, (_, b) => [
  Array.from({ length: 1 + (b % 5) }, (_, k) => (b * 3 + k * (b % 3)) % 20),
  (b * 5) % 6,
]);

/** Loss of the batch in float64, from the stored rows and the definition: Q[⌊i/r⌋] and R[i mod r]. */
function lossAt(
  training: LocalTraining,
  shape: Parameters<typeof createModel>[1],
  ids: readonly (readonly (number | readonly number[])[])[],
  stored: ArrayLike<number>,
): number {
  const { combine } = training.config.hashing;
  const offsets = fieldOffsets(shape);
  const x: number[] = [];
  for (const row of ids) {
    for (const [f, cell] of row.entries()) {
      const bag = typeof cell === 'number' ? [cell] : cell;
      const divisor = shape.poolings?.[f] === 'mean' ? bag.length : 1;
      for (let j = 0; j < DIM; j++) {
        let sum = 0;
        for (const id of bag) {
          const i = offsets[f] + id;
          const quotient = stored[Math.floor(i / RATIO) * DIM + j];
          const remainder = stored[(QUOTIENTS + (i % RATIO)) * DIM + j];
          sum += combine === 'product' ? quotient * remainder : quotient + remainder;
        }
        x.push(sum / divisor);
      }
    }
  }
  const model = createModel(training.config, shape, 'training');
  const feeds = {
    x: { shape: [B, 2 * DIM], data: x },
    labels: { shape: [B, 1], data: labels },
    weights: { shape: [B, 1], data: new Array<number>(B).fill(1) },
    scale: { shape: [], data: [1 / B] },
    ...Object.fromEntries(
      model.parameters.map(({ name, shape }) => [name, { shape, data: training.dense.get(name) ?? [] }]),
    ),
  };
  return interpret({ loss: model.loss }, feeds).loss.data[0];
}

/** Rows far from their initial values, and dense parameters that are not zero, so that there are gradients everywhere. */
async function create(config: ReturnType<typeof resolveConfig>, shape: Parameters<typeof createModel>[1]) {
  const training = await LocalTraining.create(config, shape);
  for (const [name, data] of training.dense) {
    for (let i = 0; i < data.length; i++) data[i] = 0.3 * Math.sin(1.7 * i + name.length);
  }
  const stored = Float32Array.from({ length: STORED * DIM }, (_, i) => Math.sin(2.3 * i + 1));
  await training.setRecords('codes', new Uint8Array(stored.buffer));
  return { training, stored };
}

describe.each(combinations)('a %s of two rows', (combine) => {
  const config = resolveConfig(merge(settings, { hashing: { combine } }));

  it.each([null, 'mean', 'sum'] as const)(
    'has the loss and the gradients of the definition by finite differences in float64, pooling: %s',
    async (pooling: Pooling | null) => {
      const shape = {
        vocabularySizes: SIZES,
        fieldVocabularies: [0, 1],
        ...(pooling && { poolings: [pooling, null] }),
      };
      const ids = pooling ? bagIds : plainIds;
      const { training, stored } = await create(config, shape);
      expect(training.table.rows).toBe(STORED);
      const wanted = lossAt(training, shape, ids, stored);
      const h = 1e-6;
      const expected = Float64Array.from(stored, (_, i) => {
        const [up, down] = [h, -h].map((move) => {
          const moved = Float64Array.from(stored);
          moved[i] += move;
          return lossAt(training, shape, ids, moved);
        });
        return (up - down) / (2 * h);
      });
      const scale = Math.max(...expected.map(Math.abs));
      expect(scale).toBeGreaterThan(1e-3);

      const { loss, batch } = await training.step(ids, labels);
      expect(loss).toBeCloseTo(wanted, 5);
      const found = training.exchange.floats('gradient', 0, batch.stored.length * DIM);
      const change = training.exchange.floats('change', 0, batch.stored.length * DIM);
      const gradient = new Float32Array(STORED * DIM);
      const after = stored.slice();
      for (const [s, row] of batch.stored.entries()) {
        gradient.set(found.subarray(s * DIM, (s + 1) * DIM), row * DIM);
        for (let j = 0; j < DIM; j++) after[row * DIM + j] += change[s * DIM + j];
      }
      // fp32 sums of up to some hundred terms against float64.
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(gradient[i] - value), `row ${Math.floor(i / DIM)}`).toBeLessThan(2e-5 * scale);
      }
      // Every row of the batch moved by Adam's first step, against its gradient, and no other.
      const values = new Float32Array(STORED * DIM);
      training.table.read(allRows(STORED), values);
      expect(values).toEqual(after);
      for (const [i, value] of expected.entries()) {
        const move = values[i] - stored[i];
        if (value === 0) expect(move).toBe(0);
        else if (Math.abs(value) > 1e-3 * scale) expect(move).toBeCloseTo(-RATE * Math.sign(value), 5);
      }
    },
  );

  it('begins with embeddings of the deviation that the model asks for, and rows that have gradients', async () => {
    const shape = { vocabularySizes: [30_000], fieldVocabularies: [0] };
    const training = await LocalTraining.create(config, shape);
    const n = 3000;
    const values = new Float32Array(n * DIM);
    readEmbeddings(training.table, training.exchange.shape.pairs, allRows(n), values);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    // Of a sum, the three remainders' share is no average over many.
    expect(deviation / 0.003).toBeGreaterThan(combine === 'product' ? 0.97 : 0.8);
    expect(deviation / 0.003).toBeLessThan(combine === 'product' ? 1.03 : 1.2);
    const remainders = new Float32Array(RATIO * DIM);
    training.table.read(Uint32Array.of(10_000, 10_001, 10_002), remainders);
    const centre = combine === 'product' ? 1 : 0;
    expect(Math.max(...remainders.map((value) => Math.abs(value - centre)))).toBeLessThan(4 * 0.003);
    expect(new Set(remainders).size).toBeGreaterThan(10);
  });

  it('learns from its initial values, two features of the same remainder or quotient apart', async () => {
    const shape = { vocabularySizes: SIZES, fieldVocabularies: [0, 1] };
    const training = await LocalTraining.create(config, shape);
    // 0 and 1 share a quotient, 0 and 3 a remainder.
    const ids = Array.from({ length: B }, (_, b) => [b % 4, (b >> 2) % 6]);
    const wanted = ids.map(([a]) => (a === 0 ? 1 : 0));
    const losses: number[] = [];
    for (let step = 0; step < 80; step++) losses.push((await training.step(ids, wanted)).loss);
    expect(losses[0]).toBeGreaterThan(0.6);
    expect(losses[losses.length - 1]).toBeLessThan(0.05);
  });

  it('gives the same bits on any number of threads, holds what it says, and an r-th of the rows', async () => {
    const dataset = await writeEncodedDataset({
      rows: 600,
      sizes: [7, 3000, 40],
      rowGroupRows: 512,
      bags: { 1: 'mean', 2: 'sum' },
    });
    const more = { hashing: { ratio: 5 }, training: { batchSize: 300, microBatch: 32 } };
    const larger = resolveConfig(merge(settings, { hashing: { combine } }, more));
    const checksums: string[] = [];
    for (const threads of [1, 3]) {
      const trainer = new Trainer({ dataset, config: larger, threads });
      try {
        await trainer.trainEpoch(1);
        const file = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'model.safetensors');
        await trainer.save(file, {});
        checksums.push(createHash('sha256').update(readFileSync(file)).digest('hex'));
        expect(await trainer.allocatedMemory()).toEqual(trainer.predicted);
        // ⌈3047 / 5⌉ + 5 rows of fp32, and Adam's two moments.
        expect(trainer.predicted.table).toBe((610 + 5) * 4 * DIM);
        expect(trainer.predicted.optimizer).toBe((610 + 5) * 8 * DIM);
      } finally {
        await trainer.close();
      }
    }
    expect(checksums[0]).toBe(checksums[1]);
  });
});

describe('a number that is not finite is said to be of the stored row it is in', () => {
  const shape = { vocabularySizes: SIZES, fieldVocabularies: [0, 1] };
  const config = resolveConfig(settings);

  it('in the loss', async () => {
    const { training, stored } = await create(config, shape);
    // Feature 1 is of quotient 0 and remainder 1.
    stored[(QUOTIENTS + 1) * DIM + 2] = 3e38;
    await training.setRecords('codes', new Uint8Array(stored.buffer));
    await expect(training.step(plainIds, labels)).rejects.toThrow(
      /The largest value among its rows is 3\.\d+e\+38, in row 10 of table 'embedding'\./,
    );
  });

  it('in a gradient', async () => {
    const { training, stored } = await create(config, shape);
    // Products of 0: the loss is finite, and the gradient of the quotients of features 1, 4, 7, … is not.
    stored.fill(0, 0, QUOTIENTS * DIM);
    stored.fill(3e38, (QUOTIENTS + 1) * DIM, (QUOTIENTS + 2) * DIM);
    await training.setRecords('codes', new Uint8Array(stored.buffer));
    for (const data of training.dense.values()) for (let i = 0; i < data.length; i++) data[i] *= 1000;
    await expect(training.step([[7, 0]], [0])).rejects.toThrow(
      "The gradient of row 2 of table 'embedding' is not finite at step 1.",
    );
  });
});

it('a ratio that saves no rows is refused before anything is made', async () => {
  const shape = { vocabularySizes: [20], fieldVocabularies: [0] };
  const config = resolveConfig(merge(settings, { hashing: { ratio: 18 } }));
  await expect(LocalTraining.create(config, shape)).rejects.toThrow('(allowed: 2 to 17).');
  expect(() => resolveConfig({ hashing: { ratio: 1 } })).toThrow('hashing.ratio is 1 (allowed: at least 2).');
  expect(() => resolveConfig({ hashing: { ratio: 2.5 } })).toThrow('hashing.ratio is 2.5');
  expect(() => resolveConfig({ hashing: { combine: 'mean' } })).toThrow('allowed: product, sum');
});
