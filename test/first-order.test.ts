// First-order weights from end to end, on rows with bags, a shared vocabulary, numbers and a weight: threads, resuming,
// evaluate, predict, an open model, continued runs, derived runs, inspect and the memory report know of the second table.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectRun } from '../src/cli/run-summary.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import { Table } from '../src/embedding/table.js';
import { evaluate, open, predictFiles, train } from '../src/index.js';
import { merge, type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { datasetShape, fieldOffsets } from '../src/scoring/blueprint.js';
import { modelChecksum } from '../src/scoring/model-checksum.js';
import { openRun, tablesOf } from '../src/scoring/open-run.js';
import { deriveRun } from '../src/training/derive.js';
import { Trainer } from '../src/training/trainer.js';
import { prepareRich, richColumns, richRow } from './rich-dataset.js';
import { runContents } from './run-contents.js';
import { storedRows } from './stored-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-first-order-'));
const place = (name: string) => join(folder, name);
const ROWS = 3000;
const LATER = 1000;
/** 5 batches an epoch, in four micro-batches each. */
const config = (...more: PartialConfig[]) =>
  resolveConfig(
    merge(
      {
        model: { name: 'deepfm', dim: 4, hidden: [8], dropout: 0.2, batchNorm: true },
        method: { name: 'alpt', bits: 8 },
        optimizer: { learningRate: 0.01 },
        dense: { learningRate: null },
        training: { epochs: 2, batchSize: 500, microBatch: 128, patience: 100 },
      },
      ...more,
    ),
  );
const later = (i: number) => {
  const cells = richRow(ROWS + i);
  if (i % 3 === 0) cells[1] = `v${i % 9}`;
  if (i % 4 === 0) cells[3] = ['i3', `n${i % 8}`, 'i3', 'once'].join('|');
  return cells;
};

let data: string;
let extended: string;
beforeAll(async () => {
  data = await prepareRich(folder, { rows: ROWS, out: place('data') });
  await train({ data, out: place('run'), config: config(), threads: 1 });
  await train({ data, out: place('full'), config: config({ method: { name: 'full' } }), threads: 2 });
  extended = await prepareRich(folder, { rows: LATER, row: later, extend: data, out: place('extended') });
  // The first day's raw rows again, for predict.
  await prepareRich(folder, { rows: ROWS, out: place('again') });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** First-order weights of ids of a vocabulary, of a run's last model. */
async function weights(path: string, vocabulary: number, ids: readonly number[]): Promise<number[]> {
  const { firstOrder, directory } = await openRun(path, 'last', 1);
  if (!firstOrder) throw new Error('the run has no first-order weights');
  const { dataset } = directory.run;
  const first = fieldOffsets(dataset)[dataset.fieldVocabularies.indexOf(vocabulary)];
  const out = new Float32Array(ids.length);
  new Table(firstOrder, 0).read(
    Uint32Array.from(ids, (id) => first + id),
    out,
  );
  return [...out];
}

describe.each([
  ['deepfm', {}],
  ['fm', { model: { name: 'fm', dim: 3 } }],
  ['wide-deep with hashing', { model: { name: 'wide-deep' }, method: { name: 'hashing' } }],
  ['logistic regression', { model: { name: 'logistic-regression', dim: 1 } }],
])('%s', (name, more: PartialConfig) => {
  const { name: modelName, ...options } = Object(more.model);
  const ofModel = modelName === undefined ? {} : { model: { name: modelName, ...options } };
  const made = resolveConfig({
    ...merge(config(), more),
    model: modelName === undefined ? config().model : { dim: 4, ...ofModel.model },
  });
  const at = (what: string) => place(`${name.replaceAll(' ', '-')}-${what}`);

  it('comes to the same bits on two threads, and when it is stopped and resumed', async () => {
    await train({ data, out: at('whole'), config: made, threads: 1 });
    const whole = await runContents(at('whole'));
    await train({ data, out: at('two'), config: made, threads: 2 });
    expect(await runContents(at('two'))).toEqual(whole);
    for (const [batches, threads] of [
      [2, 2],
      [5, 1],
    ]) {
      const controller = new AbortController();
      let seen = 0;
      const stopping = train({
        data,
        out: at('stopped'),
        config: made,
        threads,
        resume: true,
        signal: controller.signal,
        onProgress: ({ kind }) => {
          if (kind === 'batch' && ++seen === batches) controller.abort(new Error('enough'));
        },
      });
      await expect(stopping).rejects.toThrow('enough');
    }
    await train({ out: at('stopped'), resume: true, threads: 2 });
    expect(await runContents(at('stopped'))).toEqual(whole);
  });

  it('is scored by validation, evaluate, predict and an open model to the same bits', async () => {
    const { logits, ...evaluated } = await evaluate({
      run: at('whole'),
      data,
      split: 'validation',
      threads: 2,
    });
    const { result } = (await openRun(at('whole'), 'best', 1)).directory.run;
    expect(Object(result).validation).toEqual({ auc: evaluated.auc, logloss: evaluated.logloss });
    expect(new Set(logits).size).toBeGreaterThan(100);
    const rows = storedRows(ROWS, (row) => row % 10 === 8);
    const out = at('scores.jsonl');
    await predictFiles({ run: at('whole'), input: [place('rich.csv')], out, batchRows: 300, threads: 2 });
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    const predicted = lines.map((line) => Math.fround((JSON.parse(line) as { logit: number }).logit));
    expect(rows.map((row) => predicted[row])).toEqual([...logits]);
    const model = await open(at('whole'));
    try {
      for (const [i, row] of rows.slice(0, 20).entries()) {
        const cells = richRow(row);
        const raw = Object.fromEntries(richColumns.map((column, c) => [column, cells[c]]));
        expect((await model.predict([raw])).logits[0]).toBe(logits[i]);
      }
    } finally {
      await model.close();
    }
  });

  it('allocates what was predicted', async () => {
    const dataset = await loadDataset(data);
    const trainer = new Trainer({ dataset, config: made, threads: 2 });
    try {
      expect(await trainer.allocatedMemory()).toEqual(trainer.predicted);
      const features = datasetShape(dataset.manifest).vocabularySizes.reduce((sum, size) => sum + size);
      // A number a feature, and Adam's two moments.
      expect(trainer.predicted.firstOrder).toEqual(
        made.model.name === 'logistic-regression'
          ? undefined
          : { table: 4 * features, optimizer: 8 * features },
      );
    } finally {
      await trainer.close();
    }
  });
});

describe('a run with first-order weights', () => {
  it('has them in its checksum and says so', async () => {
    const { table, firstOrder, dense } = await openRun(place('run'), 'last', 1);
    const tables = tablesOf({ table, firstOrder });
    expect(tables.map(({ spec }) => spec.name)).toEqual(['embedding', 'first-order']);
    const checksum = modelChecksum(tables, dense);
    const { text, json } = await inspectRun(place('run'));
    expect(json).toMatchObject({
      modelChecksum: checksum,
      firstOrder: { rows: table.spec.offsets.at(-1), tableBytes: 4 * Number(table.spec.offsets.at(-1)) },
    });
    expect(text).toMatch(/first order +\d+ fp32 weights/);
    expect(modelChecksum([table], dense)).not.toBe(checksum);
    const weights = new Table(tables[1], 0);
    weights.touch(Uint32Array.of(3));
    weights.writeValues(Uint32Array.of(3), Float32Array.of(1));
    expect(modelChecksum(tables, dense)).not.toBe(checksum);
  });

  it('goes on with data whose vocabularies have grown: weights keep their features, new ones begin at 0', async () => {
    const { vocabularySizes: sizes } = datasetShape((await loadDataset(data)).manifest);
    const { vocabularySizes: larger } = datasetShape((await loadDataset(extended)).manifest);
    expect(larger[0]).toBeGreaterThan(sizes[0]);
    await train({ data: extended, out: place('grown'), from: place('run'), config: config(), threads: 2 });
    // Continued for no step at all: nothing but the move.
    const dataset = await loadDataset(extended);
    const source = await openRun(place('run'), 'last', 1);
    const trainer = new Trainer({ dataset, config: config(), threads: 1 });
    try {
      const offsets = new Map(tablesOf(source).map(({ spec }) => [spec.name, spec.offsets] as const));
      const { checkpoints } = source.directory;
      await trainer.restore(checkpoints.path(checkpoints.all[0]), 1, offsets);
      if (!trainer.firstOrder) throw new Error('no first-order weights');
      const table = new Table(trainer.firstOrder, 0);
      for (const [vocabulary, size] of sizes.entries()) {
        const first = trainer.firstOrder.spec.offsets[vocabulary];
        const rows = Uint32Array.from({ length: larger[vocabulary] }, (_, id) => first + id);
        const found = new Float32Array(rows.length);
        table.read(rows, found);
        const known = Array.from({ length: size }, (_, id) => id);
        expect([...found.subarray(0, size)]).toEqual(await weights(place('run'), vocabulary, known));
        expect([...found.subarray(size)].every((weight) => weight === 0)).toBe(true);
      }
    } finally {
      await trainer.close();
    }
    const grown = await weights(place('grown'), 0, [1, 2, 3]);
    expect(grown).not.toEqual(await weights(place('run'), 0, [1, 2, 3]));
  });

  it('on equal data goes on to the bits of a longer run', async () => {
    const longer = config({ training: { epochs: 4 } });
    await train({ data, out: place('longer'), config: longer, threads: 1 });
    await train({ data, out: place('more'), from: place('run'), config: config(), threads: 2 });
    const [one, two] = [await runContents(place('longer')), await runContents(place('more'))];
    expect(two.last).toEqual(one.last);
  });

  it('has models made from it, with its weights', async () => {
    const rounded = config({ method: { name: 'round', bits: 4 }, training: { epochs: 1 } });
    const once = config({ method: { name: 'full' }, training: { epochs: 1 } });
    await train({ data, out: place('once'), config: once, threads: 1 });
    await train({ data, out: place('rounded'), config: rounded, threads: 1 });
    await deriveRun({ from: place('once'), out: place('derived'), config: rounded });
    const scores = (run: string) => evaluate({ run: place(run), data, threads: 1 });
    expect((await scores('derived')).logits).toEqual((await scores('rounded')).logits);
    expect((await scores('derived')).logits).not.toEqual((await scores('once')).logits);
  });
});

it('logistic regression has rows of one value, whatever is asked for', () => {
  expect(resolveConfig({ model: { name: 'logistic-regression' } }).model.dim).toBe(1);
  expect(() => resolveConfig({ model: { name: 'logistic-regression', dim: 16 } })).toThrow(
    'model.dim is 16 (allowed: 1).',
  );
});
