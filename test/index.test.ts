// The examples in the documentation of the public functions, executed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  compare,
  evaluate,
  loadDataset,
  quantizeRun,
  resolveConfig,
  summarize,
  type TrainEvent,
  train,
  UserError,
} from '../src/index.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-index-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('trains and evaluates in a process of one’s own', async () => {
  const data = await prepareToy(folder, { rows: 3000 });
  const { manifest } = await loadDataset(data);
  expect(manifest.splits.map(({ rows }) => rows)).toEqual([2400, 300, 300]);

  const config = resolveConfig({
    model: { dim: 4, hidden: [16] },
    method: { name: 'alpt', bits: 4 },
    training: { epochs: 1, batchSize: 600 },
  });
  const out = join(folder, 'alpt-4');
  const events: TrainEvent[] = [];
  const { bestEpoch, validation } = await train({ data, out, config, onProgress: (e) => events.push(e) });
  expect({ bestEpoch, validation }).toEqual({
    bestEpoch: 1,
    validation: { auc: expect.any(Number), logloss: expect.any(Number) },
  });
  const batches = ['batch', 'batch', 'batch', 'batch'];
  expect(events.map(({ kind }) => kind)).toEqual(['start', ...batches, 'epoch', 'checkpoint']);

  const { auc, logloss, logits, rows, split, checkpoint } = await evaluate({ run: out, data });
  expect(auc).toBeGreaterThan(0.3);
  expect(logloss).toBeLessThan(1);
  expect({ rows, logits: logits.length }).toEqual({ rows: 300, logits: 300 });
  expect({ split, checkpoint }).toEqual({ split: 'test', checkpoint: 'best' });
});

it('quantizes the table of a run, and says what that costs', async () => {
  const [data, run, out] = ['data', 'alpt-4', 'alpt-4.safetensors'].map((name) => join(folder, name));
  const { bytesAfter, tables, scores } = await quantizeRun({ run, out, method: 'minmax', bits: 8, data });
  // Per row 4 codes, scale and bias.
  expect(bytesAfter).toBe(tables[0].rows * (4 + 8));
  expect(scores?.after.logloss).toBeCloseTo(Number(scores?.before.logloss), 4);
});

it('compares methods', async () => {
  const small = { model: { dim: 4, hidden: [16] }, training: { epochs: 1, batchSize: 600 } };
  const variants = ['full', 'alpt'].map((name) => ({
    name,
    config: resolveConfig(small, { method: { name } }),
  }));
  const out = join(folder, 'compared');
  const comparison = await compare({
    data: join(folder, 'data'),
    out,
    variants,
    seeds: [1],
    command: 'node compare.js',
  });
  const [full, alpt] = comparison.variants;
  expect([full, alpt].map(({ cells }) => cells[0].status)).toEqual(['finished', 'finished']);
  expect(alpt.memory.ratios.trainingTable).toBe(2);
  const [, row] = summarize(comparison);
  expect(row.difference?.test.auc.mean).toBeCloseTo(
    (alpt.cells[0].test?.auc ?? 0) - (full.cells[0].test?.auc ?? 0),
    12,
  );
});

it('throws errors that a person can read', async () => {
  await expect(loadDataset(join(folder, 'nowhere'))).rejects.toThrow(UserError);
  expect(() => resolveConfig({ method: { name: 'alp' } })).toThrow(/method.name is "alp" \(allowed: full/);
});
