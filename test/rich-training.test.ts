// Bags, shared vocabularies, numbers, weights, groups and negative sampling from raw rows to metrics.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auc } from '../src/metrics/auc.js';
import { sigmoid } from '../src/metrics/calibration.js';
import { logloss } from '../src/metrics/logloss.js';
import { merge, type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import type { Schema } from '../src/schema/schema.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { modelChecksum } from '../src/scoring/model-checksum.js';
import { openRun } from '../src/scoring/open-run.js';
import { train } from '../src/training/train.js';
import { prepareRich, type RichOptions, richFields, richRow, richSchema } from './rich-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-rich-'));
afterAll(() => rmSync(folder, { recursive: true }));

const base: PartialConfig = {
  model: { dim: 8, hidden: [16], crossLayers: 1 },
  method: { name: 'alpt', bits: 8 },
  optimizer: { learningRate: 5e-3 },
  dense: { learningRate: null },
  training: { epochs: 3, batchSize: 512, microBatch: 128 },
};
let made = 0;

async function prepareData(options: RichOptions): Promise<string> {
  return prepareRich(folder, { ...options, out: join(folder, `data${made++}`) });
}

async function trainRun(data: string, threads = 1, config = base) {
  const out = join(folder, `run${made++}`);
  await train({ data, out, config: resolveConfig(config), threads });
  const { table, dense } = await openRun(out, 'last', 1);
  return { out, checksum: modelChecksum([table], dense), table };
}

describe('a data set with everything', () => {
  it('trains to the same bits on any number of threads, validates and evaluates with its weights', async () => {
    const data = await prepareData({ rows: 6000 });
    const one = await trainRun(data, 1);
    const two = await trainRun(data, 2);
    expect(two.checksum).toBe(one.checksum);
    // Fields item and seen are rows of one vocabulary: user, items, tags.
    const { run } = await RunDirectory.open(one.out);
    expect(run.dataset.fieldVocabularies).toEqual([0, 1, 1, 2]);
    expect(one.table.spec.offsets.at(-1)).toBe(run.dataset.vocabularySizes.reduce((sum, size) => sum + size));
    expect(run.dataset.poolings).toEqual([null, null, 'sum', 'mean']);

    const scored = await evaluate({ run: one.out, data, split: 'validation', threads: 2, batchRows: 100 });
    const best = await RunDirectory.open(one.out);
    expect((best.run.result as { validation: unknown }).validation).toEqual({
      auc: scored.auc,
      logloss: scored.logloss,
    });
    const { logits, labels, weights, groups } = scored;
    expect(scored.auc).toBeGreaterThan(0.65);
    expect(new Set(weights)).toEqual(new Set([1, 2, 0.5]));
    expect(groups?.length).toBe(600);
    expect(new Set(groups).has(0)).toBe(true);
    expect(scored.logloss).toBe(logloss(logits, labels, weights));
    expect(scored.auc).not.toBe(auc(logits, labels));
  });

  it('shares rows: what one field teaches, the other knows', async () => {
    // Items 0 to 19 occur as `item` in training, the others in `seen` alone; in validation it is the other way.
    const row = (i: number) => {
      const cells = richRow(i);
      const item = (i * 7919 + Math.floor(i / 11)) % 40;
      const [own, other] = item < 20 === i % 10 < 8 ? [item, ''] : ['none', `i${item}`];
      cells[0] = item % 2 === 1 ? '1' : '0';
      cells[2] = own === 'none' ? 'none' : `I${own}`;
      cells[3] = other;
      return cells;
    };
    const { item, seen } = richFields;
    const schema = (shared: boolean): Schema => ({
      label: 'click = 1',
      fields: shared ? [item, seen] : [item, { ...seen, vocabulary: 'own' }],
    });
    const aucOf = async (shared: boolean) => {
      const data = await prepareData({ rows: 4000, row, schema: schema(shared) });
      const { out } = await trainRun(data, 1, merge(base, { training: { epochs: 6 } }));
      return (await evaluate({ run: out, data, split: 'validation', threads: 1 })).auc ?? 0;
    };
    expect(await aucOf(true)).toBeGreaterThan((await aucOf(false)) + 0.1);
  });
});

describe('a number', () => {
  it('that alone tells the label is learned; without it there is nothing to learn', async () => {
    const row = (i: number) => {
      const cells = richRow(i);
      const price = Number(cells[5] || 500);
      cells[0] = price > 300 === i % 7 < 6 ? '1' : '0';
      return cells;
    };
    const schema: Schema = { label: 'click = 1', fields: [richFields.user] };
    const aucOf = async (numbers: Schema['numbers']) => {
      const data = await prepareData({ rows: 5000, row, schema: { ...schema, ...(numbers && { numbers }) } });
      const { out } = await trainRun(data);
      return (await evaluate({ run: out, data, split: 'test', threads: 1 })).auc ?? 0;
    };
    expect(await aucOf(richSchema.numbers)).toBeGreaterThan(0.7);
    expect(await aucOf(undefined)).toBeLessThan(0.6);
  });
});

describe('negative sampling', () => {
  it('is recorded, and undone in the scores: as much is promised as observed', async () => {
    const rate = 0.2;
    const options = { rows: 12_000, schema: { ...richSchema, weight: undefined } as Schema };
    const data = await prepareData({ ...options, negativeSampling: rate });
    const { out } = await trainRun(data);
    const { run } = await RunDirectory.open(out);
    expect(run.dataset.negativeSampling).toBe(rate);
    const { calibration, logits } = await evaluate({ run: out, data, split: 'validation', threads: 1 });
    expect(calibration?.ratio).toBeGreaterThan(0.9);
    expect(calibration?.ratio).toBeLessThan(1.1);
    const asTrained = logits.reduce((sum, z) => sum + sigmoid(z - Math.log(rate)), 0) / logits.length;
    expect(asTrained / (calibration?.observed ?? 0)).toBeGreaterThan(1.5);
  });
});
