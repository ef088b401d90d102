// What prepare makes of invented rows: vocabularies, splits, stored order, and the same bytes every time.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { avazuFile, criteoLine, libfmLine, lines, testFolder } from '../../test/fixtures/invented-files.js';
import { scratchDatabase } from '../../test/scratch-database.js';
import type { Database } from './database.js';
import type { Dataset } from './datasets/dataset.js';
import { givenFiles } from './datasets/inputs.js';
import { loadDataset } from './encoded-dataset.js';
import type { Manifest } from './manifest.js';
import { type PrepareOptions, prepare } from './prepare.js';

const folder = testFolder();
let database: Database;
beforeAll(async () => {
  const scratch = await scratchDatabase();
  database = scratch.database;
  return scratch.close;
});
afterAll(() => folder.remove());

/** Two fields of texts, one number and their cross. Fields city and home share a vocabulary. */
const towns: Dataset & { name: string } = {
  name: 'towns',
  summary: 'invented',
  schema: {
    label: 'y = 1',
    fields: [
      { name: 'city', value: { kind: 'column', column: 'city' } },
      {
        name: 'both',
        value: {
          kind: 'cross',
          of: [
            { kind: 'column', column: 'city' },
            { kind: 'column', column: 'row' },
          ],
        },
      },
      { name: 'home', vocabulary: 'place', value: { kind: 'column', column: 'city' } },
      { name: 'work', vocabulary: 'place', value: { kind: 'lower', of: { kind: 'column', column: 'work' } } },
      { name: 'row', minCount: 1, value: { kind: 'column', column: 'row' } },
    ],
  },
  format: {
    kind: 'text',
    separator: ';',
    header: false,
    columns: ['y', 'city', 'work', 'row'],
    cells: 'plain',
    labels: ['0', '1'],
  },
  minCount: 2,
  splits: ['modulus', 'random'],
  inputs: (paths) => givenFiles('towns', paths, 'rows'),
};
// Train (rows 0 to 7, 10 to 17): Rom 5, Bern 5, missing 3, Ulm 2, Köln 1; validation (8, 18): Oslo, Rom.
const cities = ['Rom', 'Bern', '', 'Rom', 'Bern', 'Ulm', 'Rom', 'Bern', 'Oslo', 'Rom'];
const more = ['Rom', 'Bern', '', 'Rom', 'Bern', 'Ulm', '', 'Köln', 'Rom', 'Oslo'];
const townRows = lines(20, (i) => `${i % 2};${[...cities, ...more][i]};${i % 3 === 0 ? 'ULM' : 'rom'};${i}`);

async function prepareTowns(
  options: Partial<PrepareOptions> = {},
): Promise<{ manifest: Manifest; out: string }> {
  const out = folder.path('towns');
  const input = [folder.write('towns.csv', townRows)];
  return {
    manifest: await prepare({ dataset: towns, input, out, force: true, threads: 1, ...options }),
    out,
  };
}
const rowsOf = async (file: string): Promise<Record<string, unknown>[]> =>
  database.query(`SELECT * FROM '${file}'`);
async function vocabularyOf(out: string, name: string): Promise<unknown[][]> {
  const rows = await rowsOf(`${out}/vocabularies/${name}.parquet`);
  return rows
    .filter(({ id }) => Number(id) > 0)
    .map(({ value, count, id }) => [value, Number(count), Number(id)]);
}

test('ids go by count, ties by bytes with missing as a value; the threshold counts training rows', async () => {
  const { out, manifest } = await prepareTowns();
  expect(await vocabularyOf(out, 'city')).toEqual([
    ['Bern', 5, 1],
    ['Rom', 5, 2],
    [null, 3, 3],
    ['Ulm', 2, 4],
  ]);
  expect(manifest.vocabularies.map(({ name, size }) => [name, size])).toEqual([
    ['city', 5],
    ['both', 1],
    ['place', 7],
    ['row', 17],
  ]);
  expect(await vocabularyOf(out, 'place')).toEqual([
    ['rom', 11, 1],
    ['Bern', 5, 2],
    ['Rom', 5, 3],
    ['ulm', 5, 4],
    [null, 3, 5],
    ['Ulm', 2, 6],
  ]);
});

test('ties between missing and a text put missing first', async () => {
  const input = [
    folder.write(
      'ties.csv',
      lines(8, (i) => `1;${['b', 'b', '', '', 'é', 'é', 'Z', 'Z'][i]};x;${i}`),
    ),
  ];
  const out = folder.path('ties');
  await prepare({ dataset: towns, input, out });
  expect((await vocabularyOf(out, 'city')).map(([value]) => value)).toEqual([null, 'Z', 'b', 'é']);
});

test('the vocabulary on all rows also knows the values of validation and test', async () => {
  const { out } = await prepareTowns({ vocabulary: 'all', minCount: 1 });
  expect(await vocabularyOf(out, 'city')).toEqual([
    ['Rom', 7, 1],
    ['Bern', 5, 2],
    [null, 3, 3],
    ['Oslo', 2, 4],
    ['Ulm', 2, 5],
    ['Köln', 1, 6],
  ]);
});

test('every row has the ids of its values, in the order of md5, and 0 where a value is unknown', async () => {
  const { out, manifest } = await prepareTowns({ seed: 7, minCount: 1 });
  const ids = new Map((await vocabularyOf(out, 'city')).map(([value, , id]) => [value, id]));
  const rowIds = new Map((await vocabularyOf(out, 'row')).map(([value, , id]) => [value, id]));
  const expected = (numbers: number[]) =>
    numbers
      .map((row) => ({ row, hash: createHash('md5').update(`7:${row}`).digest('hex') }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1))
      .map(({ row }) => {
        const city = [...cities, ...more][row] || null;
        return [row % 2, ids.get(city) ?? 0, rowIds.get(String(row)) ?? 0];
      });
  const stored = async (split: string) =>
    (await rowsOf(`${out}/${split}.parquet`)).map(({ label, city, row }) => [label, city, row]);
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  expect(await stored('train')).toEqual(expected(numbers.filter((i) => i % 10 < 8)));
  expect(await stored('validation')).toEqual(expected([8, 18]));
  expect(await stored('test')).toEqual(expected([9, 19]));
  // Oslo and every row number are new in validation and test.
  expect(manifest.splits.map(({ rows, positives, oov }) => [rows, positives, oov?.[0], oov?.[4]])).toEqual([
    [16, 8, 0, 0],
    [2, 0, 1, 2],
    [2, 2, 1, 2],
  ]);
});

test('the random split goes by the last digits of md5', async () => {
  const { out, manifest } = await prepareTowns({ split: 'random', seed: 3, vocabulary: 'all', minCount: 1 });
  const place = (row: number) => {
    const tenth = Number.parseInt(createHash('md5').update(`3:${row}`).digest('hex').slice(24), 16) % 10;
    return tenth < 8 ? 'train' : tenth === 8 ? 'validation' : 'test';
  };
  const values = new Map((await vocabularyOf(out, 'row')).map(([value, , id]) => [id, Number(value)]));
  for (const { name, file } of manifest.splits) {
    const rows = (await rowsOf(join(out, file))).map(({ row }) => values.get(Number(row)) ?? -1);
    expect(rows.map(place)).toEqual(rows.map(() => name));
  }
  expect(manifest.splits.reduce((sum, { rows }) => sum + rows, 0)).toBe(20);
});

test('the time split goes by date', async () => {
  const file = folder.path('flights.parquet');
  await database.run(`COPY (SELECT TIMESTAMP '2001-05-31 23:59:00' + i * INTERVAL 12 HOUR AS date, i * 10 AS delay,
    100 + i AS distance, 'AAA' AS origin, 'BBB' AS destination FROM range(61) AS t(i)) TO '${file}' (FORMAT parquet)`);
  const manifest = await prepare({
    dataset: 'flights',
    input: [file],
    out: folder.path('time'),
    split: 'time',
  });
  // Row 0 is in May; 1 to 30 are 1 June 11:59 to 15 June 23:59; the rest are later.
  expect(manifest.splits.map(({ name, rows, positives }) => [name, rows, positives])).toEqual([
    ['train', 1, 0],
    ['validation', 30, 29],
    ['test', 30, 30],
  ]);
});

test('row numbers go on over the inputs, and --rows takes the first ones', async () => {
  const whole = await prepareTowns();
  const head = folder.write('head.csv', townRows.split('\n').slice(0, 7).join('\n'));
  const tail = folder.write('tail.csv', townRows.split('\n').slice(7).join('\n'));
  const parts = await prepare({ dataset: towns, input: [head, tail], out: folder.path('parts') });
  expect(parts.splits).toEqual(whole.manifest.splits);
  expect(parts.input).toEqual([
    { path: 'head.csv', rows: 7 },
    { path: 'tail.csv', rows: 13 },
  ]);
  const first = await prepare({ dataset: towns, input: [head, tail], out: folder.path('first'), rows: 10 });
  expect(first.splits.map(({ rows }) => rows)).toEqual([8, 1, 1]);
  expect(first.input.map(({ rows }) => rows)).toEqual([7, 3]);
});

test('the formats of criteo, avazu and frappe are read, plain and compressed, whatever the line ends', async () => {
  const avazu = avazuFile(300);
  const plain = await prepare({
    dataset: 'avazu',
    input: [folder.write('a.csv', avazu)],
    out: folder.path('a1'),
  });
  const input = [folder.write('b.csv.gz', avazu.replaceAll('\n', '\r\n'))];
  const zipped = await prepare({ dataset: 'avazu', input, out: folder.path('a2') });
  expect(zipped.splits).toEqual(plain.splits);
  expect(zipped.fingerprint).toBe(plain.fingerprint);
  expect(plain.fields).toHaveLength(24);
  // Hours 0 to 23; days 20 (a Monday) to 29 October 2014.
  expect(plain.vocabularies.slice(0, 3).map(({ size }) => size)).toEqual([25, 8, 3]);

  const criteo = await prepare({
    dataset: 'criteo',
    input: [folder.write('c.txt', lines(300, criteoLine))],
    out: folder.path('c'),
  });
  expect(criteo.fields).toHaveLength(39);
  expect(criteo.splits.reduce((sum, { rows }) => sum + rows, 0)).toBe(300);
  expect((await vocabularyOf(folder.path('c'), 'I1')).map(([value]) => value)).toContain('-1');

  folder.write('libfm/train.libfm.gz', lines(50, libfmLine));
  folder.write('libfm/validation.libfm', lines(20, libfmLine));
  const frappe = await prepare({ dataset: 'frappe', input: [folder.path('libfm')], out: folder.path('fr') });
  expect(frappe.splits.map(({ name, rows, positives }) => [name, rows, positives])).toEqual([
    ['train', 50, 17],
    ['validation', 20, 7],
  ]);
  folder.write('libfm/test.libfm', lines(9, libfmLine));
  const withTest = await prepare({
    dataset: 'frappe',
    input: [folder.path('libfm')],
    out: folder.path('fr3'),
  });
  expect(withTest.splits.map(({ rows }) => rows)).toEqual([50, 20, 9]);
});

test('the same input gives the same bytes at any threads and memory', async () => {
  // More than two row groups of training rows, and vocabularies large enough for several groups of fields.
  const row = (i: number) => `${i % 2};c${(i * 7919) % 60013};${(i * i) % 997};${i}`;
  const input = [folder.write('large.csv', lines(154_000, row))];
  const bytes: Record<string, string>[] = [];
  for (const [threads, memoryBytes] of [
    [1, 4e9],
    [2, 3e8],
    [4, 1.5e8],
  ] as const) {
    const out = folder.path(`same${threads}`);
    const manifest = await prepare({ dataset: towns, input, out, threads, memoryBytes });
    expect(manifest.splits[0]?.rows).toBe(123_200);
    const names = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const sum = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
    bytes.push(
      Object.fromEntries(names.map((entry) => [entry.name, sum(join(entry.parentPath, entry.name))])),
    );
    const indexes = manifest.vocabularies.map(({ index }) => index);
    for (const { file, sha256 } of [...manifest.splits, ...manifest.vocabularies, ...indexes]) {
      expect(sum(join(out, file))).toBe(sha256);
    }
  }
  expect(Object.keys(bytes[0] ?? {}).sort()).toEqual(
    ['both', 'city', 'place', 'row', 'test', 'train', 'validation']
      .map((name) => `${name}.parquet`)
      .concat('both.index', 'city.index', 'place.index', 'row.index', 'manifest.json')
      .sort(),
  );
  expect(bytes[1]).toEqual(bytes[0]);
  expect(bytes[2]).toEqual(bytes[0]);
  const [groups] = await database.query(
    `SELECT list(DISTINCT row_group_num_rows ORDER BY row_group_num_rows) AS rows FROM parquet_metadata('${folder.path('same1')}/train.parquet')`,
  );
  expect(JSON.stringify(groups?.rows, (_, v) => (typeof v === 'bigint' ? Number(v) : v))).toContain('61440');
});

test('an output that exists is refused, replaced with force, and never when it is something else', async () => {
  const { out } = await prepareTowns();
  await expect(prepareTowns({ force: false })).rejects.toThrow('exists');
  const again = await prepareTowns({ force: true, minCount: 1 });
  expect((await loadDataset(out)).manifest).toEqual(again.manifest);
  const foreign = folder.write('foreign/precious.txt', 'x');
  await expect(prepareTowns({ out: folder.path('foreign'), force: true })).rejects.toThrow('never replaced');
  expect(existsSync(foreign)).toBe(true);
  expect(readdirSync(folder.path('.')).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a data set is loaded, and what is none is refused with a sentence', async () => {
  const { out, manifest } = await prepareTowns();
  expect(await loadDataset(out)).toEqual({ dir: out, manifest });
  const manifestFile = join(out, 'manifest.json');
  const refusals: [unknown, string][] = [
    [{ format: 'other' }, 'is no manifest'],
    [[], 'is no manifest'],
    [{ ...manifest, version: 2 }, 'version 2'],
    [{ ...manifest, extra: 1 }, 'damaged'],
    [{ ...manifest, fields: [{ name: 1 }] }, 'damaged: fields.0.name'],
  ];
  for (const [json, message] of refusals) {
    writeFileSync(manifestFile, JSON.stringify(json));
    await expect(loadDataset(out)).rejects.toThrow(message);
  }
  rmSync(manifestFile);
  await expect(loadDataset(out)).rejects.toThrow('no manifest.json');
});
