import { describe, expect, it } from 'vitest';
import { writeEncodedDataset } from '../../test/encoded-dataset.js';
import { allocateTable } from '../embedding/table-memory.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { datasetShape, embeddingSpec } from '../scoring/blueprint.js';
import { Trainer } from '../training/trainer.js';
import { memoryNeeded, trainingMemory, trainingNeeds } from '../training/training-memory.js';
import { emptyCell } from './cell-record.js';
import type { StoredCell } from './cell-store.js';
import { requireJobs, secondsOf, shareMachine } from './estimate.js';
import type { PlannedTraining } from './plan.js';
import { variantMemory } from './variant-memory.js';

const { dir, manifest } = await writeEncodedDataset({ rows: 600, sizes: [50, 30, 1000], rowGroupRows: 200 });
const config = (method: object, more: object = {}) =>
  resolveConfig({ model: { dim: 8, hidden: [16] }, training: { batchSize: 128 }, method }, { ...more });
const full = config({ name: 'full' });
const alpt = config({ name: 'alpt', bits: 4 });

describe('memory', () => {
  it('of a training is what the trainer predicts of itself', async () => {
    for (const one of [full, alpt]) {
      const trainer = new Trainer({ dataset: { dir, manifest }, config: one, threads: 2 });
      await trainer.close();
      expect(trainingMemory(one, manifest, 2)).toEqual(trainer.predicted);
    }
  });

  it.each([
    // V = 1080, D = 8. A step that all rows share is 4 bytes.
    ['full', {}, 1080 * 32],
    ['lpt', {}, 1080 * 4 + 4],
    ['lsq', {}, 1080 * 4 + 4],
    ['lsq', { lsq: { granularity: 'row' } }, 1080 * 8],
    ['pact', {}, 1080 * 4 + 4],
    ['lpt-row', {}, 1080 * 8],
    ['lpt-row', { 'lpt-row': { range: 'affine' } }, 1080 * 12],
    ['round', {}, 1080 * 12],
    // A bit for each value, and half of them.
    ['magnitude', {}, 1080 * (1 + 16)],
    ['pruning', { pruning: { sparsity: 0.9 } }, Math.round(1080 * (1 + 3.2))],
    // Quotients and remainders.
    ['hashing', { hashing: { ratio: 4 } }, (270 + 4) * 32],
  ])('of %s with %o at 4 bits as served', (name, options, bytes) => {
    expect(variantMemory(config({ name, bits: 4 }, options), manifest).inference).toBe(bytes);
  });

  it('of a variant is told beside fp32 with the same rows and optimizer', () => {
    // V = 1080, D = 8: 4 bits are 4 bytes and a step of 4; Adam has 64 for a row and 8 for its step.
    expect(variantMemory(alpt, manifest)).toEqual({
      training: { table: 1080 * 4, step: 1080 * 4, optimizer: 1080 * 72 },
      inference: 1080 * 8,
      full: { table: 1080 * 32, optimizer: 1080 * 64 },
      ratios: { trainingTable: 4, trainingWithOptimizer: 96 / 80, inference: 4 },
    });
    expect(variantMemory(full, manifest).ratios).toEqual({
      trainingTable: 1,
      trainingWithOptimizer: 1,
      inference: 1,
    });
    const rowwise = config({ name: 'lpt', bits: 8 }, { optimizer: { name: 'rowwise-adagrad' } });
    expect(variantMemory(rowwise, manifest)).toMatchObject({
      training: { table: 1080 * 8, step: 0, optimizer: 1080 * 4 },
      full: { optimizer: 1080 * 4 },
    });
  });

  it('counts a table as it is served without its optimizer', () => {
    const spec = embeddingSpec(alpt, datasetShape(manifest), { threads: 1, isTraining: false });
    expect(allocateTable(spec).spec.layout.recordBytes * 1080).toBe(variantMemory(alpt, manifest).inference);
  });
});

describe('cells at a time', () => {
  const share = (options: object, configs = [full, alpt, full, alpt]) =>
    shareMachine(configs, manifest, { threads: 8, jobs: 'auto', available: 64e9, ...options });
  const bytes = (one: typeof full, threads: number) => memoryNeeded(trainingNeeds(one, manifest, threads));

  it('are as many as have two threads each', () => {
    expect(share({})).toMatchObject({ jobs: 4, threads: 2 });
    expect(share({ threads: 2 })).toMatchObject({ jobs: 1, threads: 2 });
    expect(share({ threads: 1 })).toMatchObject({ jobs: 1, threads: 1 });
    expect(share({ threads: 7 })).toMatchObject({ jobs: 3, threads: 2 });
  });

  it('are fewer where memory is short, and at least one', () => {
    expect(share({ available: 0.8e9 })).toMatchObject({ jobs: 2, threads: 4 });
    expect(share({ available: 0 })).toMatchObject({ jobs: 1, threads: 8 });
  });

  it('are no more than there are to train', () => {
    expect(share({}, [full])).toMatchObject({ jobs: 1, threads: 8 });
    expect(share({ jobs: 3 }, [full])).toMatchObject({ jobs: 1, threads: 8 });
    expect(share({}, [])).toEqual({ jobs: 1, threads: 8, bytes: 0 });
  });

  it('hold what the largest of them hold together', () => {
    expect(share({ jobs: 2 }).bytes).toBe(2 * bytes(full, 4));
    expect(share({ jobs: 3, threads: 6 }).bytes).toBe(2 * bytes(full, 2) + bytes(alpt, 2));
  });

  it.each([0, 9, 1.5])('%d jobs on 8 threads are refused', (jobs) => {
    expect(() => requireJobs(jobs, 8)).toThrow(`There are to be ${jobs} jobs, but there may be 1 to 8`);
  });
});

describe('time', () => {
  const training = (of: typeof full): PlannedTraining => ({
    key: '',
    config: of,
    seed: 1,
    label: '',
    derived: [],
  });
  const stored = (of: typeof full, seconds: number | null, elapsedSeconds?: number): StoredCell => ({
    format: 'bitrow-cell-1',
    data: { fingerprint: 'fixture', splits: [] },
    config: of,
    split: null,
    threads: 1,
    made: {},
    elapsedSeconds,
    cell: { ...emptyCell(of), status: 'finished', seconds },
  });

  it('is unknown before a cell has finished', () => {
    expect(secondsOf([training(full)], [], 1)).toBeNull();
    expect(secondsOf([training(full)], [stored(full, null)], 1)).toBeNull();
  });

  it('is that of the variant, or else the mean of all', () => {
    const finished = [stored(full, 10), stored(full, 20), stored(alpt, 60)];
    expect(secondsOf([training(full), training(alpt)], finished, 1)).toBe(15 + 60);
    expect(secondsOf([training(config({ name: 'lpt' }))], finished, 1)).toBe(30);
    expect(secondsOf([training(full), training(alpt)], finished, 2)).toBe(37.5);
    expect(secondsOf([], finished, 1)).toBe(0);
  });

  it('counts scoring and starting, and all processes of a cell that was resumed', () => {
    expect(secondsOf([training(full)], [stored(full, 10, 12)], 1)).toBe(12);
    expect(secondsOf([training(full)], [stored(full, 10, 4)], 1)).toBe(10);
  });
});
