// Pruning while training: the schedule, that values grow again, that exactly the share is zero at an epoch's end, and
// that all of it is the same for any number of threads and after a checkpoint.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeEncodedDataset } from '../../test/encoded-dataset.js';
import { allRows, LocalTraining } from '../../test/local-training.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { EpochPosition } from '../embedding/method.js';
import { targetSparsity } from '../embedding/pruning.js';
import { Table } from '../embedding/table.js';
import { writtenRanges } from '../embedding/table-records.js';
import { type EpochSums, nothingDone } from '../runs/progress.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import { type EpochProgress, Trainer } from './trainer.js';

const sizes = [7, 300, 40];
const V = 347;
const D = 5;
let dataset: EncodedDataset;
beforeAll(async () => {
  const label = 'case when (i * 7919) % 7 < 3 then 1 else 0 end';
  dataset = await writeEncodedDataset({ rows: 1100, sizes, rowGroupRows: 512, label });
});

const small: PartialConfig = {
  model: { dim: D, hidden: [8], crossLayers: 1 },
  method: { name: 'pruning' },
  // 44 batches an epoch.
  training: { batchSize: 25, microBatch: 16, seed: 3 },
};

function zeros(values: Float32Array): number {
  return values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
}

function tableOf(trainer: Trainer, read: 'read' | 'readStored' = 'read'): Float32Array {
  const values = new Float32Array(V * D);
  new Table(trainer.table, 0)[read](allRows(V), values);
  return values;
}

async function state(trainer: Trainer): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'bitrow-')), 'state');
  await trainer.saveState(file, {});
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

describe('the schedule', () => {
  const options = { sparsity: 0.5, warmUpEpochs: 2 };
  const at = (position: EpochPosition) => targetSparsity(options, position);

  it('is that of DeepLight: S(1 − 0.99^(n/100)) after every 10th batch and at the end of an epoch', () => {
    // Python: 0.5 * (1 - 0.99 ** (n / 100))
    expect(at({ epoch: 3, batch: 10, batches: 1234 })).toBeCloseTo(0.000502264354, 12);
    expect(at({ epoch: 3, batch: 1000, batches: 1234 })).toBeCloseTo(0.047808962496, 12);
    expect(at({ epoch: 3, batch: 1234, batches: 1234 })).toBeCloseTo(0.058319418742, 12);
    expect(at({ epoch: 4, batch: 6, batches: 1234 })).toBeCloseTo(0.058585680745, 12);
    expect(at({ epoch: 3, batch: 11, batches: 1234 })).toBeNull();
    // n goes on counting over epochs: 1234 + 10 is no multiple of 10.
    expect(at({ epoch: 4, batch: 10, batches: 1234 })).toBeNull();
  });

  it('leaves the epochs of the warm-up alone', () => {
    expect(at({ epoch: 1, batch: 10, batches: 100 })).toBeNull();
    expect(at({ epoch: 2, batch: 100, batches: 100 })).toBeNull();
    expect(
      targetSparsity({ sparsity: 1, warmUpEpochs: 0 }, { epoch: 1, batch: 100, batches: 100 }),
    ).toBeCloseTo(0.01, 9);
  });
});

describe('a training with pruning', () => {
  it('sets the share of the schedule to zero, rows never seen included, and exactly S at the end of an epoch', async () => {
    const config = resolveConfig(merge(small, { pruning: { sparsity: 0.8 } }));
    const trainer = new Trainer({ dataset, config, threads: 2 });
    try {
      const expected = Math.round(0.8 * (1 - 0.99 ** 0.44) * V * D);
      await trainer.trainEpoch(1);
      expect(expected).toBeGreaterThan(4);
      expect(zeros(tableOf(trainer, 'readStored'))).toBe(expected);
      expect(zeros(tableOf(trainer))).toBe(Math.round(0.8 * V * D));
      expect([...writtenRanges(trainer.table)]).toEqual([Uint32Array.of(0, V)]);
      // The next epoch goes on with what is stored.
      await trainer.trainEpoch(2);
      expect(zeros(tableOf(trainer, 'readStored'))).toBe(Math.round(0.8 * (1 - 0.99 ** 0.88) * V * D));
      expect(zeros(tableOf(trainer))).toBe(Math.round(0.8 * V * D));
    } finally {
      await trainer.close();
    }
  });

  it('trains in its warm-up as full does', async () => {
    const states = [];
    for (const method of ['full', 'pruning', 'magnitude'] as const) {
      const config = resolveConfig(merge(small, { method: { name: method }, pruning: { warmUpEpochs: 2 } }));
      const trainer = new Trainer({ dataset, config, threads: 1 });
      try {
        const losses = [await trainer.trainEpoch(1), await trainer.trainEpoch(2)];
        states.push({ losses, values: tableOf(trainer, 'readStored') });
        if (method !== 'full') expect(zeros(tableOf(trainer))).toBe(Math.round(0.5 * V * D));
      } finally {
        await trainer.close();
      }
    }
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });

  it('keeps no mask: what was set to zero grows again where it has a gradient', async () => {
    const config = resolveConfig(merge(small, { pruning: { sparsity: 0.99 }, training: { batchSize: 200 } }));
    const training = await LocalTraining.create(config, { vocabularySizes: [200], fieldVocabularies: [0] });
    const values = () => {
      const out = new Float32Array(200 * D);
      training.table.readStored(allRows(200), out);
      return out;
    };
    // No relu may be dead, else a value may have no gradient.
    for (const data of training.dense.values())
      for (let i = 0; i < data.length; i++) data[i] = 0.3 + 0.1 * Math.sin(i);
    const ids = Array.from({ length: 200 }, (_, i) => [i]);
    const labels = ids.map(([id]) => id & 1);
    for (let t = 1; t < 100; t++) await training.step(ids, labels);
    expect(zeros(values())).toBe(0);
    await training.step(ids, labels);
    expect(zeros(values())).toBe(Math.round(0.99 * 0.01 * 200 * D));
    await training.step(ids, labels);
    expect(zeros(values())).toBe(0);
  });

  it('is the same in every bit for any number of threads, and after a checkpoint within an epoch', async () => {
    const config = resolveConfig(merge(small, { pruning: { sparsity: 0.9 } }));
    const folder = mkdtempSync(join(tmpdir(), 'bitrow-'));
    let at: EpochSums = nothingDone;
    const onProgress = (progress: EpochProgress) => {
      at = progress.done;
    };
    let done = at;
    const first = new Trainer({ dataset, config, threads: 2, shardBytes: 2 ** 18 + 6000 });
    const states: string[] = [];
    try {
      const pause = {
        // Between two prunings, of which some came before.
        isDue: () => at.batch >= 23 && done.batch === 0,
        take: async () => {
          done = at;
          await first.saveState(join(folder, 'middle'), {});
        },
      };
      await first.trainEpoch(1);
      await first.trainEpoch(2, { onProgress, pause });
      states.push(await state(first));
    } finally {
      await first.close();
    }
    const second = new Trainer({ dataset, config, threads: 1 });
    try {
      await second.restore(join(folder, 'middle'), 44 + done.batch);
      await second.trainEpoch(2, { done });
      states.push(await state(second));
    } finally {
      await second.close();
    }
    expect(done.batch).toBeGreaterThanOrEqual(23);
    expect(done.batch).toBeLessThan(30);
    expect(states[1]).toBe(states[0]);
  });
});
