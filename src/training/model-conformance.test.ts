// What a training of every model must do, on plain fields and on rows with bags, numbers and weights. A model enters
// by being in the registry; its graphs alone are checked in models/conformance.test.ts.

import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { modelVariants } from '../../test/model-variants.js';
import { prepareRich, richFields, richRow } from '../../test/rich-dataset.js';
import { loadDataset } from '../data/encoded-dataset.js';
import { type ModelName, modelNames, models } from '../models/registry.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { RunDirectory } from '../runs/run-directory.js';
import { evaluate } from '../scoring/evaluate.js';
import type { EpochRecord } from './epochs.js';
import type { TrainEvent } from './events.js';
import { train } from './train.js';
import { Trainer } from './trainer.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = 1000;
const EPOCHS = 8;
const BATCHES = 7;
/** Directories of the encoded data sets. */
const data = { plain: '', rich: '' };
beforeAll(async () => {
  const { user, item } = richFields;
  // An item is liked or not, so that there is something to learn.
  const row = (i: number) => {
    const [, ...cells] = richRow(i);
    return [Number(cells[1].slice(1)) % 2 === 1 ? '1' : '0', ...cells];
  };
  const schema = { label: 'click = 1', fields: [user, item] };
  data.plain = await prepareRich(folder, { rows: ROWS, row, schema, out: join(folder, 'plain') });
  data.rich = await prepareRich(folder, { rows: ROWS, row, out: join(folder, 'all') });
});

const cases = modelVariants.flatMap((variant) =>
  (['plain', 'rich'] as const)
    // What an option changes is the network, which knows as little of bags as of plain fields.
    .filter((kind) => variant.isDefault || kind === 'rich')
    .map((kind) => ({ ...variant, kind })),
);

describe.each(cases)('$title on $kind rows', ({ name, options, kind }) => {
  const config = resolveConfig({
    model: { name, dim: 3, initialDeviation: 0.1, ...options },
    // Two passes: one with all gradients, one with those of the embeddings alone.
    method: { name: 'alpt', bits: 8 },
    optimizer: { learningRate: 0.02 },
    dense: { learningRate: null },
    // 800 rows in 7 batches, those of 128 rows in micro-batches of 32, the last in one of them.
    training: { epochs: EPOCHS, batchSize: 128, microBatch: 32, seed: 4, patience: EPOCHS },
  });

  it('learns, scores as it validates, and is in every bit the same with more threads after a stop', async () => {
    const run = join(folder, 'run');
    const before = join(folder, 'before');
    const onProgress = (event: TrainEvent) => {
      // The checkpoint of the last epoch but one is there until the last one has ended.
      if (event.kind === 'batch' && event.epoch === EPOCHS) copyFileSync(checkpointOf(run), before);
    };
    const result = await train({ data: data[kind], out: run, config, threads: 1, force: true, onProgress });
    // The best there is to reach is 1; rich rows have much in them that tells nothing.
    expect(result.validation.auc).toBeGreaterThan(kind === 'plain' ? 0.8 : 0.7);
    expect(result.memory.allocated).toEqual(result.memory.predicted);

    const scored = await evaluate({ run, data: data[kind], split: 'validation', threads: 1, batchRows: 50 });
    expect({ auc: scored.auc, logloss: scored.logloss }).toEqual(result.validation);

    // The last epoch once more, from the checkpoint of the one before it.
    const records = (await (await RunDirectory.open(run)).metrics()) as EpochRecord[];
    const trainer = new Trainer({
      dataset: await loadDataset(data[kind]),
      config,
      threads: kind === 'plain' ? 2 : 3,
    });
    try {
      await trainer.restore(before, BATCHES * (EPOCHS - 1));
      expect(await trainer.evaluate('validation')).toMatchObject(records[EPOCHS - 2].validation ?? {});
      expect(await trainer.trainEpoch(EPOCHS)).toBe(records[EPOCHS - 1].trainLoss);
      expect(await trainer.evaluate('validation')).toMatchObject(records[EPOCHS - 1].validation ?? {});
      const again = join(folder, 'again');
      await trainer.saveState(again, {});
      const [found, wanted] = [again, checkpointOf(run)].map(tensorBytes);
      expect(found.equals(wanted)).toBe(true);
      // And not because nothing happened.
      expect(found.equals(tensorBytes(before))).toBe(false);
      expect(await trainer.allocatedMemory()).toEqual(trainer.predicted);
    } finally {
      await trainer.close();
    }
  });
});

/** The run's newest checkpoint. */
function checkpointOf(run: string): string {
  const manifest = JSON.parse(readFileSync(join(run, 'checkpoints', 'manifest.json'), 'utf8')) as {
    checkpoints: { file: string }[];
  };
  return join(run, 'checkpoints', manifest.checkpoints[0].file);
}

/** What a checkpoint says of the model and the optimizer's state: everything behind its header. */
function tensorBytes(file: string): Buffer {
  const bytes = readFileSync(file);
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
}

/** A value that an option does not take, made from its default, and how the sentence about it begins. */
function wrongValue(name: ModelName, key: string): [value: unknown, sentence: string] {
  const value = (models[name].options(z).parse({}) as Record<string, unknown>)[key];
  if (Array.isArray(value)) return [[0], `model.${key}.0 is 0 (allowed: at least 1).`];
  if (typeof value === 'boolean') {
    return ['often', `model.${key} is "often" (allowed: a value of type boolean).`];
  }
  if (typeof value === 'string') return ['no such', `model.${key} is "no such" (allowed: ${value}`];
  return [-1, `model.${key} is -1 (allowed: `];
}

describe.each(modelNames)('options of %s', (name) => {
  const keys = [...new Set(['dim', ...Object.keys(models[name].options(z).shape)])];

  it.each(keys)('%s out of its range is a sentence with what is allowed', (key) => {
    const [value, sentence] = wrongValue(name, key);
    expect(() => resolveConfig({ model: { name, [key]: value } })).toThrow(sentence);
  });

  it('are listed where one is unknown', () => {
    expect(() => resolveConfig({ model: { name, corssLayers: 3 } })).toThrow(
      `Unknown option 'model.corssLayers' (known here: ${Object.keys(resolveConfig({ model: { name } }).model).join(', ')}).`,
    );
    expect(Object.keys(resolveConfig({ model: { name } }).model)).toEqual(expect.arrayContaining(keys));
  });
});
