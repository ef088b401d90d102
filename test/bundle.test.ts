// A bundle is its run: the same logits in every bit, whatever the method, the model, the number of workers and the cut of
// the batches, from the directory alone.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodNames } from '../src/embedding/methods.js';
import { writeBundle } from '../src/exporting/bundle.js';
import { evaluate, open, type PartialConfig, type RawRow, resolveConfig, train } from '../src/index.js';
import { modelNames } from '../src/models/registry.js';
import { openRun } from '../src/scoring/open-run.js';
import { prepareRich } from './rich-dataset.js';
import { storedRows } from './stored-rows.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

let toy: string;
let rich: string;
let toyRows: RawRow[];
let richRows: RawRow[];
/** Raw rows of the test split, in stored order. */
let tested: number[];

beforeAll(async () => {
  toy = await prepareToy(folder, { rows: 2000, users: 300 });
  rich = await prepareRich(folder, { rows: 2000 });
  toyRows = readRows(join(folder, 'rows.csv'));
  richRows = readRows(join(folder, 'rich.csv'));
  tested = storedRows(2000, (row) => row % 10 === 9);
});

function readRows(file: string): RawRow[] {
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((name, i) => [name, cells[i]]));
  });
}

let made = 0;

/** Trains a run for a moment. */
async function trained(data: string, config: PartialConfig): Promise<string> {
  const out = join(folder, `run-${made++}`);
  const small = { model: { dim: 6 }, training: { epochs: 1, batchSize: 300 } };
  await train({ data, out, config: resolveConfig(small, config), threads: 1 });
  return out;
}

async function bundled(run: string, options: Parameters<typeof writeBundle>[2] = {}): Promise<string> {
  const out = `${run}-bundle-${made++}`;
  await writeBundle(await openRun(run, options.checkpoint ?? 'best', 1), out, options);
  return out;
}

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
    const run = await trained(toy, config);
    const bundle = await bundled(run, { partBytes: 1000 });
    const { logits } = await evaluate({ run, data: toy, threads: 1 });
    expect(await predicted(bundle, toyRows)).toEqual(logits);
    expect((await evaluate({ run: bundle, data: toy, threads: 2 })).logits).toEqual(logits);
  });

  it.each(modelNames)('of the model %s, with lists and numbers', { timeout: 60_000 }, async (name) => {
    const dim = name === 'logistic-regression' ? 1 : 6;
    const run = await trained(rich, {
      model: { name, dim } as PartialConfig['model'],
      method: { name: 'alpt', bits: 4 },
    });
    const bundle = await bundled(run);
    const { logits } = await evaluate({ run, data: rich, threads: 1 });
    expect(await predicted(run, richRows)).toEqual(logits);
    expect(await predicted(bundle, richRows)).toEqual(logits);
  });
});
