import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Batch } from '../src/batch/reader.js';
import type { EncodedDataset } from '../src/data/encoded-dataset.js';
import type { Manifest } from '../src/data/manifest.js';
import { readCounts, readValues } from '../src/data/vocabulary-file.js';
import { frequencyDeciles } from '../src/scoring/frequency-deciles.js';
import { frequencySlice, frequencySliceNames } from '../src/scoring/frequency-slices.js';
import { RowWatch } from '../src/scoring/row-watch.js';
import { createSlicer } from '../src/scoring/slices.js';

const dir = mkdtempSync(join(tmpdir(), 'bitrow-slices-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Two fields; the file of `a` ends in a value too rare for an id, which has id 0. */
async function dataset(): Promise<EncodedDataset> {
  mkdirSync(join(dir, 'vocabularies'), { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const write = (name: string, values: string) =>
    connection.run(
      `COPY (SELECT value, count::BIGINT AS count, id::UINTEGER AS id FROM (VALUES ${values}) v(value, count, id))
       TO '${join(dir, `vocabularies/${name}.parquet`)}' (FORMAT parquet)`,
    );
  await write('a', "('x', 1000, 1), (NULL, 30, 2), ('z', 2, 3), ('rare', 1, 0)");
  await write('b', "('p', 700, 1), ('q', 40, 2)");
  connection.closeSync();
  const vocabulary = (name: string, size: number) => ({
    name,
    size,
    file: `vocabularies/${name}.parquet`,
    sha256: '',
    index: { file: `vocabularies/${name}.index`, sha256: '' },
  });
  const manifest: Manifest = {
    format: 'bitrow-dataset',
    version: 1,
    bitrow: '0.0.0',
    dataset: 'fixture',
    seed: 0,
    options: {},
    schema: {},
    fingerprint: '',
    fields: ['a', 'b'].map((name) => ({ name, vocabulary: name })),
    vocabularies: [vocabulary('a', 4), vocabulary('b', 3)],
    splits: [],
    input: [],
  };
  return { dir, manifest };
}

const batch = (ids: number[]): Batch => ({
  epoch: 0,
  index: 0,
  rows: ids.length / 2,
  ids: Uint32Array.from(ids),
  labels: new Float32Array(ids.length / 2),
});

const split = {
  name: 'test',
  file: 'test.parquet',
  rows: 0,
  positives: 0,
  rowGroupRows: 1,
  sha256: '',
};

async function slice(by: string, top: number, sizes: number[], ...batches: number[][]): Promise<string[]> {
  const rows = batches.flat().length / 2;
  const slicer = await createSlicer({ dataset: await dataset(), rows, by, top, sizes });
  for (const ids of batches) slicer.add(batch(ids));
  const { names, slices } = await slicer.finish();
  expect(new Set(slices).size).toBe(names.length);
  return [...slices].map((index) => names[index]);
}

it('names the values of a field, the most frequent in the rows first', async () => {
  const ids = [1, 0, 2, 0, 2, 0, 0, 1, 3, 0];
  expect(await slice('a', 9, [4, 3], ids.slice(0, 4), ids.slice(4))).toEqual([
    'x',
    '(missing)',
    '(missing)',
    '(OOV)',
    'z',
  ]);
  expect(await slice('a', 1, [4, 3], ids)).toEqual([
    '(2 other values)',
    '(missing)',
    '(missing)',
    '(OOV)',
    '(2 other values)',
  ]);
  // A run that knew only the first two values of `a`.
  expect(await slice('a', 9, [3, 3], ids)).toEqual(['x', '(missing)', '(missing)', '(OOV)', '(OOV)']);
});

it('slices by the count of the rarest feature, and by how many are OOV', async () => {
  const rows = [1, 1, 2, 1, 2, 2, 3, 1, 0, 1, 0, 0];
  expect(await slice('frequency', 1, [4, 3], rows.slice(0, 6), rows.slice(6))).toEqual([
    '500 to 999',
    '20 to 49',
    '20 to 49',
    '2 to 4',
    'OOV in 1 field',
    'OOV in 2 fields',
  ]);
  expect(await slice('frequency', 1, [3, 2], rows)).toEqual([
    '500 to 999',
    '20 to 49',
    'OOV in 1 field',
    'OOV in 1 field',
    'OOV in 1 field',
    'OOV in 2 fields',
  ]);
});

describe('deciles', () => {
  // log(1 + count) of the features of `a`, then of `b`.
  const a = [0, 1000, 30, 2].map(Math.log1p);
  const b = [0, 700, 40].map(Math.log1p);
  /** Part of each row, by the definition. */
  const parts = (means: number[]) => {
    const order = means.map((mean, row) => ({ mean, row })).sort((x, y) => x.mean - y.mean || x.row - y.row);
    const part = new Array<number>(means.length);
    for (const [place, { row }] of order.entries()) {
      let tenth = 0;
      while (Math.floor(((tenth + 1) * means.length) / 10) <= place) tenth++;
      part[row] = tenth;
    }
    return part;
  };

  it('are tenths of the rows by the mean of the logarithms, ties by the order of the rows', async () => {
    const ids = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 }));
    const source = await dataset();
    await fc.assert(
      fc.asyncProperty(fc.array(ids, { minLength: 10, maxLength: 43 }), async (rows) => {
        const slicer = await createSlicer({
          dataset: source,
          rows: rows.length,
          by: 'deciles',
          top: 1,
          sizes: [4, 2],
        });
        slicer.add(batch(rows.slice(0, 7).flat()));
        slicer.add(batch(rows.slice(7).flat()));
        // A run that knew one value of `b`: the other is OOV.
        const means = rows.map(([x, y]) => (a[x] + (y < 2 ? b[y] : 0)) / 2);
        expect([...(await slicer.finish()).slices]).toEqual(parts(means));
      }),
      { numRuns: 20 },
    );
  });

  it('count a bag by the mean over its ids, and name what they span', async () => {
    const slicer = await createSlicer({
      dataset: await dataset(),
      rows: 2,
      by: 'deciles',
      top: 1,
      sizes: [4, 3],
    });
    slicer.add({
      ...batch([]),
      rows: 2,
      ids: Uint32Array.from([1, 0, 0, 1, 2, 3, 2, 2]),
      offsets: Uint32Array.from([0, 3, 4, 6, 8]),
    });
    const { names, slices } = await slicer.finish();
    const shown = (mean: number) => Math.expm1(mean).toLocaleString('en-US', { maximumSignificantDigits: 3 });
    const means = [(a[1] / 3 + b[1]) / 2, ((a[2] + a[3]) / 2 + b[2]) / 2];
    expect([...slices]).toEqual(means[0] < means[1] ? [0, 1] : [1, 0]);
    expect(new Set(names.map((name) => name.slice(9)))).toEqual(
      new Set(means.map((mean) => `${shown(mean)} to ${shown(mean)}`)),
    );
  });

  it('are null where the data has no counts', async () => {
    const source = await dataset();
    const bare = join(dir, 'bare');
    mkdirSync(bare);
    writeFileSync(join(bare, 'manifest.json'), JSON.stringify({ ...source.manifest, splits: [split] }));
    writeFileSync(join(bare, split.file), '');
    expect(await frequencyDeciles({ run: 'none', data: bare, split: 'test', threads: 1 })).toBeNull();
  });
});

it('every count lies within the bounds that its slice names', () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 1e8 })), (count) => {
      const [low, high] = frequencySliceNames[frequencySlice(count)]
        .replaceAll(',', '')
        .split(/ to | or more/)
        .map((text) => (text === '' ? Number.POSITIVE_INFINITY : Number(text)));
      expect(count).toBeGreaterThanOrEqual(low);
      expect(count).toBeLessThanOrEqual(high ?? low);
    }),
  );
});

it('values that are too rare to have an id are nobody’s count or name', async () => {
  const source = await dataset();
  expect([...(await readCounts(source, 'a'))]).toEqual([0, 1000, 30, 2]);
  expect(await readValues(source, 'a', new Set([0, 1, 2]))).toEqual(
    new Map([
      [1, 'x'],
      [2, null],
    ]),
  );
});

it('rows whose group is OOV are in no group', async () => {
  const shape = { vocabularySizes: [4, 3], fieldVocabularies: [0, 1] };
  const watch = await RowWatch.create(await dataset(), 5, shape, { threads: 1, group: 'a' });
  watch.add(batch([1, 1, 1, 1, 0, 1, 0, 1, 3, 1]));
  const report = await watch.finish({
    logits: new Float32Array([0, 1, 1, 0, 0]),
    labels: new Uint8Array([0, 1, 0, 1, 1]),
    weights: null,
    groups: null,
  });
  expect(report).toEqual({
    grouped: {
      by: 'a',
      auc: 1,
      groups: 1,
      rows: 2,
      oneClassGroups: 1,
      oneClassRows: 1,
      ungroupedRows: 2,
    },
  });
});
