// A run of `hashing` from end to end: evaluate, predict, an open model and its embeddings agree; a run is continued on
// equal data, and not where vocabularies have grown.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectRun } from '../src/cli/run-summary.js';
import { readManifest } from '../src/data/encoded-dataset.js';
import { Table } from '../src/embedding/table.js';
import { evaluate, open, predictFiles, type RawRow, resolveConfig, train } from '../src/index.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { datasetShape, fieldOffsets } from '../src/scoring/blueprint.js';
import { openRun } from '../src/scoring/open-run.js';
import { openSource, requireContinuable } from '../src/training/continue-from.js';
import { runContents } from './run-contents.js';
import { storedRows } from './stored-rows.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-hashing-'));
const place = (name: string) => join(folder, name);
const DIM = 4;
const RATIO = 3;
const config = (...more: PartialConfig[]) =>
  resolveConfig(
    {
      model: { dim: DIM, hidden: [16] },
      method: { name: 'hashing' },
      hashing: { ratio: RATIO },
      training: { epochs: 1, batchSize: 256, patience: 100 },
    },
    ...more,
  );
let data: string;
let logits: Float32Array;

beforeAll(async () => {
  data = await prepareToy(folder, { rows: 5000 });
  await train({ data, out: place('run'), config: config(), threads: 1 });
  ({ logits } = await evaluate({ run: place('run'), data, split: 'test', threads: 2 }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run of hashing', () => {
  it('is scored by evaluate, predict and an open model to the same bits', async () => {
    expect(new Set(logits).size).toBeGreaterThan(100);
    const tested = storedRows(5000, (row) => row % 10 === 9);
    const out = place('out.jsonl');
    await predictFiles({ run: place('run'), input: [place('rows.csv')], out, batchRows: 300, threads: 2 });
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    const predicted = lines.map((line) => Math.fround((JSON.parse(line) as { logit: number }).logit));
    expect(tested.map((row) => predicted[row])).toEqual([...logits]);

    const [header, ...cells] = readFileSync(place('rows.csv'), 'utf8').trim().split('\n');
    const columns = header.split(',');
    const rows = tested.map((row): RawRow => {
      const values = cells[row].split(',');
      return Object.fromEntries(columns.map((name, i) => [name, values[i]]));
    });
    const model = await open(place('run'));
    try {
      expect((await model.predict(rows)).logits).toEqual(logits);
    } finally {
      await model.close();
    }
  });

  it('has for a value the product of its two rows', async () => {
    const { table: memory, directory } = await openRun(place('run'), 'best', 1);
    const table = new Table(memory, 0);
    const { vocabularySizes } = directory.run.dataset;
    const features = vocabularySizes.reduce((sum, size) => sum + size, 0);
    const quotients = Math.ceil(features / RATIO);
    expect(table.rows).toBe(quotients + RATIO);
    const stored = new Float32Array(table.rows * DIM);
    table.read(
      Uint32Array.from({ length: table.rows }, (_, row) => row),
      stored,
    );
    const model = await open(place('run'));
    const { ids, values, steps } = model.embeddings('item', ['i7', 'i39', 'nobody', 'i7', 'i8']);
    await model.close();
    expect(ids[2]).toBe(0);
    expect([...steps]).toEqual([1, 1, 1, 1, 1]);
    for (const [at, id] of ids.entries()) {
      const feature = fieldOffsets(directory.run.dataset)[1] + id;
      for (let j = 0; j < DIM; j++) {
        const quotient = stored[Math.floor(feature / RATIO) * DIM + j];
        const remainder = stored[(quotients + (feature % RATIO)) * DIM + j];
        expect(values[at * DIM + j]).toBe(Math.fround(quotient * remainder));
      }
    }
    const { json, text } = await inspectRun(place('run'));
    expect(json).toMatchObject({ method: 'hashing', bits: null, rows: table.rows });
    expect(json).toMatchObject({ tableBytes: table.rows * 4 * DIM });
    expect(text).toContain(`${table.rows} stored rows of 4 for ${features} values, `);
  });

  it('is continued on its data as a longer run would go on', async () => {
    const epochs = (n: number) => config({ training: { epochs: n } });
    await train({ data, out: place('longer'), config: epochs(2), threads: 1 });
    await train({ data, out: place('more'), from: place('run'), config: config(), threads: 1 });
    const [longer, more] = [await runContents(place('longer')), await runContents(place('more'))];
    expect(more.last).toEqual(longer.last);
  });

  it('is not continued where a value would have other rows, or with other options', async () => {
    const source = await openSource(place('run'));
    const manifest = await readManifest(join(data, 'manifest.json'), 'none', '');
    const [first, ...others] = manifest.vocabularies;
    const grown = {
      ...manifest,
      fingerprint: 'grown',
      extends: [manifest.fingerprint],
      vocabularies: [{ ...first, size: first.size + 2 }, ...others],
    };
    expect(datasetShape(grown).vocabularySizes[0]).toBe(first.size + 2);
    const features = manifest.vocabularies.reduce((sum, { size }) => sum + size, 0);
    expect(() => requireContinuable(source, config(), grown)).toThrow(
      `The method 'hashing' finds rows by a value's number among those of all fields, ${features} in the run and ${features + 2} in the data: the same value would have other rows.`,
    );
    const from = (more: PartialConfig) => () => requireContinuable(source, config(more), manifest);
    expect(from({})).not.toThrow();
    expect(from({ hashing: { ratio: 4 } })).toThrow(
      'The method \'hashing\' looks rows up by {"ratio":4,"combine":"product"}, but in the run by {"ratio":3,"combine":"product"}.',
    );
    expect(from({ hashing: { combine: 'sum' } })).toThrow('"combine":"sum"}, but in the run by');
  });
});
