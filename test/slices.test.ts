import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import type { Batch } from '../src/batch/reader.js';
import type { EncodedDataset } from '../src/data/encoded-dataset.js';
import type { Manifest } from '../src/data/manifest.js';
import { readCounts, readValues } from '../src/data/vocabulary-file.js';
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
