// `prepare --extend` of data with bags, a shared vocabulary, numbers, a weight, a group and negative sampling, and
// `train --from` on what it makes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../src/data/database.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import type { Manifest } from '../src/data/manifest.js';
import { readVocabularyIndex } from '../src/formats/vocabulary-index-file.js';
import { evaluate, open, resolveConfig, train } from '../src/index.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { prepareRich, type RichOptions, richColumns, richRow } from './rich-dataset.js';
import { storedRows } from './stored-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-extend-rich-'));
const place = (name: string) => join(folder, name);
const first = 3000;
const second = 1500;
const rate = 0.3;
const config = resolveConfig({ model: { dim: 4, hidden: [8] }, training: { epochs: 1, batchSize: 256 } });

/** The second day's own users, items and tags, dearer, and older. */
const laterRow = (i: number) => {
  const cells = richRow(first + i);
  if (i % 3 === 0) cells[1] = `v${i % 9}`;
  if (i % 4 === 0) cells[3] = ['i3', `n${i % 8}`, 'i3', 'once'].join('|');
  cells[4] = [cells[4], 'late', 'late'].filter(Boolean).join('|');
  cells[5] = String(100_000 + i);
  return cells;
};
const extend = (name: string, more: Partial<RichOptions> = {}) =>
  prepareRich(folder, { rows: second, row: laterRow, extend: place('base'), out: place(name), ...more });

let database: Database;
let base: Manifest;
let later: Manifest;
beforeAll(async () => {
  database = await openDatabase({ directory: folder, threads: 1, memoryBytes: 3e8 });
  await prepareRich(folder, { rows: first, out: place('base'), negativeSampling: rate });
  await extend('later');
  [base, later] = [(await loadDataset(place('base'))).manifest, (await loadDataset(place('later'))).manifest];
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** Values of a vocabulary by id, from the Parquet file. */
async function values(data: string, name: string): Promise<(string | null)[]> {
  const rows = await database.query(
    `SELECT value FROM '${place(data)}/vocabularies/${name}.parquet' WHERE id > 0 ORDER BY id`,
  );
  return rows.map(({ value }) => value as string | null);
}

it('keeps what numbers are standardised by, and the share of negatives', () => {
  expect(base.numbers?.map(({ name }) => name)).toEqual(['price', 'age']);
  expect(later.numbers).toEqual(base.numbers);
  expect([base.options.negativeSampling, later.options.negativeSampling]).toEqual([rate, rate]);
  const [train, validation] = later.splits;
  expect(validation.rows).toBe(second / 10);
  expect(train.rows).toBeLessThan(0.8 * second);
  expect(train.rows - train.positives).toBeLessThan(0.4 * (0.8 * second - train.positives));
});

it('refuses another share as bad usage', async () => {
  await expect(extend('other', { negativeSampling: 0.5 })).rejects.toMatchObject({
    exitCode: 2,
    message: `The --negative-sampling is '0.5', but '${place('base')}' was prepared with '0.3'.`,
  });
  await extend('same', { negativeSampling: rate });
});

it('keeps ids of bags and of what they share; new values come after them, in the index too', async () => {
  expect(later.vocabularies.map(({ name }) => name)).toEqual(['user', 'items', 'tags']);
  for (const { name, size, index } of later.vocabularies) {
    const [before, after] = [await values('base', name), await values('later', name)];
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.length).toBe(size - 1);
    expect(after.length).toBeGreaterThan(before.length);
    const read = await readVocabularyIndex(join(place('later'), index.file), index.sha256);
    expect(read.parts.shape.values).toBe(size - 1);
    expect(after.map((value) => read.idOf(value))).toEqual(after.map((_, i) => i + 1));
  }
  expect(await values('later', 'tags')).toContain('late');
});

it('encodes bags in their order, with repetitions, by ids of both days', async () => {
  const [users, items, tags] = [
    await values('later', 'user'),
    await values('later', 'items'),
    await values('later', 'tags'),
  ];
  const text = (all: (string | null)[], id: unknown) => (Number(id) === 0 ? '(OOV)' : all[Number(id) - 1]);
  const rows = await database.query(`SELECT * FROM '${place('later')}/validation.parquet'`);
  const stored = storedRows(first + second, (row) => row >= first && row % 10 === 8);
  expect(rows).toHaveLength(stored.length);
  const known = (all: (string | null)[], value: string | null) => (all.includes(value) ? value : '(OOV)');
  const list = (all: (string | null)[], cell: string) =>
    cell === '' ? [known(all, null)] : cell.split('|').map((value) => known(all, value));
  for (const [i, row] of stored.entries()) {
    const cells = laterRow(row - first);
    const ids = (column: unknown) => column as unknown[];
    expect(text(users, rows[i].user)).toBe(known(users, cells[1] || null));
    expect(text(items, rows[i].item)).toBe(known(items, cells[2].toLowerCase()));
    expect(ids(rows[i].seen).map((id) => text(items, id))).toEqual(list(items, cells[3]));
    expect(ids(rows[i].tags).map((id) => text(tags, id))).toEqual(list(tags, cells[4]));
    expect(rows[i].price).toBe(Number(cells[5]));
    expect(rows[i].weight).toBe(Number(cells[7]));
  }
});

it('is what `train --from` goes on with: inputs and re-calibration stay, and rows to score are seen alike', async () => {
  await train({ data: place('base'), out: place('run'), config, threads: 1 });
  await train({ data: place('later'), out: place('more'), from: place('run'), config, threads: 2 });
  const { run } = await RunDirectory.open(place('more'));
  expect(run.dataset.numbers).toEqual(base.numbers);
  expect(run.dataset.negativeSampling).toBe(rate);
  const model = await open(place('more'));
  const { logits } = await evaluate({ run: place('more'), data: place('later'), threads: 1 });
  const stored = storedRows(first + second, (row) => row >= first && row % 10 === 9);
  const rows = stored.map((row) => {
    const cells = laterRow(row - first);
    return Object.fromEntries(richColumns.map((name, i) => [name, cells[i]]));
  });
  expect([...(await model.predict(rows)).logits]).toEqual([...logits]);
  await model.close();
});

it('data of the same ids, but with other numbers, are no data to go on with', async () => {
  const dearer = (i: number) => richRow(i).map((cell, c) => (c === 5 && cell !== '' ? `${cell}000` : cell));
  await prepareRich(folder, { rows: first, out: place('dearer'), row: dearer, negativeSampling: rate });
  expect((await loadDataset(place('dearer'))).manifest.fingerprint).toBe(base.fingerprint);
  const attempt = train({ data: place('dearer'), out: place('no'), from: place('run'), config, threads: 1 });
  await expect(attempt).rejects.toThrow(
    /^The data standardise 'price' by mean \S+ and deviation \S+, the run by mean \S+ and deviation \S+\.$/,
  );
});
