// A bundle is its run: the same logits in every bit, whatever the method, the model, the number of workers and the cut of
// the batches, from the directory alone.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodNames } from '../src/embedding/methods.js';
import { writeBundle } from '../src/exporting/bundle.js';
import { evaluate, open, type PartialConfig, predictFiles, type RawRow } from '../src/index.js';
import { modelNames } from '../src/models/registry.js';
import { type QuantizedTable, quantizeInMemory } from '../src/posttraining/quantized-table.js';
import { openRun } from '../src/scoring/open-run.js';
import { tableSource } from '../src/scoring/table-source.js';
import { BundleFolder, rawRows } from './bundle-fixture.js';
import { prepareRich } from './rich-dataset.js';
import { storedRows } from './stored-rows.js';
import { prepareToy } from './toy-dataset.js';

const folder = new BundleFolder();
afterAll(() => folder.remove());

let toy: string;
let rich: string;
let toyRows: RawRow[];
let richRows: RawRow[];
/** Raw rows of the test split, in stored order. */
let tested: number[];

beforeAll(async () => {
  toy = await prepareToy(folder.path, { rows: 2000, users: 300 });
  rich = await prepareRich(folder.path, { rows: 2000 });
  toyRows = rawRows(join(folder.path, 'rows.csv'));
  richRows = rawRows(join(folder.path, 'rich.csv'));
  tested = storedRows(2000, (row) => row % 10 === 9);
});

/** The logits that an open model gives the rows of the test split. */
async function predicted(path: string, rows: readonly RawRow[], options = {}): Promise<Float32Array> {
  const model = await open(path, options);
  try {
    return (await model.predict(tested.map((row) => rows[row]))).logits;
  } finally {
    await model.close();
  }
}

/** What options a method is to be seen with, beside its defaults. */
const variants: [string, PartialConfig][] = [
  ...methodNames.map((name): [string, PartialConfig] => [name, { method: { name } }]),
  ...([2, 4, 16] as const).map((bits): [string, PartialConfig] => [
    `alpt of ${bits} bits`,
    { method: { name: 'alpt', bits } },
  ]),
  ['alpt with fp16 steps', { method: { name: 'alpt', bits: 4, stepType: 'fp16' } }],
  ['alpt with hot rows', { method: { name: 'alpt', bits: 4, hotBits: 8, hotShare: 0.2 } }],
  ['lpt with hot rows', { method: { name: 'lpt', bits: 2, hotBits: 16, hotShare: 0.1 } }],
  ['lpt-row of affine rows', { method: { name: 'lpt-row', bits: 4 }, 'lpt-row': { range: 'affine' } }],
  [
    'lpt-row of affine rows with fp16 sides',
    { method: { name: 'lpt-row', stepType: 'fp16' }, 'lpt-row': { range: 'affine' } },
  ],
  ['nested of 2 bits', { method: { name: 'nested', bits: 2, stepType: 'fp16' } }],
  ['lsq with a step a row', { method: { name: 'lsq', bits: 4 }, lsq: { granularity: 'row' } }],
  ['pact of 2 bits', { method: { name: 'pact', bits: 2 } }],
  ['round to 4 bits', { method: { name: 'round', bits: 4 } }],
  ['round to 16 bits', { method: { name: 'round', bits: 16 } }],
  ['hashing by sums', { method: { name: 'hashing' }, hashing: { combine: 'sum' } }],
];

describe('logits of a bundle are those of its run', () => {
  it.each(variants)('%s', { timeout: 60_000 }, async (_, config) => {
    const run = await folder.run(toy, config);
    const bundle = await folder.bundle(run, { partBytes: 1000 });
    const { logits } = await evaluate({ run, data: toy, threads: 1 });
    expect(await predicted(bundle, toyRows)).toEqual(logits);
    expect((await evaluate({ run: bundle, data: toy, threads: 2 })).logits).toEqual(logits);
  });

  it.each(modelNames)('of the model %s, with lists and numbers', { timeout: 60_000 }, async (name) => {
    const dim = name === 'logistic-regression' ? 1 : 6;
    const run = await folder.run(rich, {
      model: { name, dim } as PartialConfig['model'],
      method: { name: 'alpt', bits: 4 },
    });
    const bundle = await folder.bundle(run);
    const { logits } = await evaluate({ run, data: rich, threads: 1 });
    expect(await predicted(run, richRows)).toEqual(logits);
    expect(await predicted(bundle, richRows)).toEqual(logits);
  });
});

describe('a bundle of quantized rows', () => {
  it.each([
    ['minmax', 8, 'bitrow-rows'],
    ['greedy', 4, 'torch-rows'],
    ['minmax', 2, 'bitrow-rows'],
    ['kmeans', 4, 'bitrow-rows'],
    ['kmeans-cls', 4, 'bitrow-rows'],
  ] as const)(
    '%s of %i bits in %s is the run with its rows replaced',
    { timeout: 60_000 },
    async (method, bits, layout) => {
      const run = await folder.run(toy, { method: { name: 'full' }, model: { dim: 8 } });
      const opened = await openRun(run, 'best', 1);
      const source = tableSource(opened.table);
      const { table } = await quantizeInMemory(source, { method, bits, layout });
      const out = folder.place('quantized');
      await writeBundle(opened, out, { source: table, partBytes: 700 });
      // The table as fp32 values is as good, and larger.
      const wide = folder.place('wide');
      await writeBundle(opened, wide, { source: plain(table) });
      const found = await predicted(out, toyRows);
      expect(await predicted(wide, toyRows)).toEqual(found);
      expect(await predicted(run, toyRows)).not.toEqual(found);
      const { logits } = await evaluate({ run: out, data: toy, threads: 1 });
      expect(logits).toEqual(found);
    },
  );
});

/** The rows alone. */
function plain(table: QuantizedTable) {
  const { name, rows, dim } = table;
  return { name, rows, dim, read: (first: number, out: Float32Array) => table.read(first, out) };
}

it('scores files as its run does', async () => {
  const run = await folder.run(rich, { method: { name: 'lpt', bits: 4 } });
  const bundle = await folder.bundle(run);
  const written = [];
  for (const path of [run, bundle]) {
    const out = folder.place('scores').concat('.csv');
    await predictFiles({ run: path, input: [join(folder.path, 'rich.csv')], out, threads: 2 });
    written.push(readFileSync(out, 'utf8'));
  }
  expect(written[1]).toBe(written[0]);
});

it('is written whole or not at all', async () => {
  const run = await folder.run(toy, { method: { name: 'lpt' } });
  const opened = await openRun(run, 'best', 1);
  const out = folder.place('stopped');
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(writeBundle(opened, out, { signal })).rejects.toThrow('enough');
  expect(existsSync(out)).toBe(false);
  const { files, bytes } = await writeBundle(opened, out);
  expect(files).toBe(6);
  expect(bytes).toBeGreaterThan(1000);
  await expect(writeBundle(opened, out)).rejects.toThrow(/exists/);
  await writeBundle(opened, out, { force: true });
  await expect(writeBundle(opened, run, { force: true })).rejects.toThrow(/holds something else/);
});
