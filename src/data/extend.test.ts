// Tomorrow's rows: the data set of one day extended by the next agrees with both prepared at once, value by value.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../test/fixtures/invented-files.js';
import { UserError } from '../errors.js';
import { readVocabularyIndex } from '../formats/vocabulary-index-file.js';
import { type Database, openDatabase } from './database.js';
import type { Manifest } from './manifest.js';
import { type PrepareOptions, prepare } from './prepare.js';

const folder = testFolder();
let database: Database;
beforeAll(async () => {
  folder.write('database/x', '');
  database = await openDatabase({ directory: folder.path('database'), threads: 1, memoryBytes: 5e8 });
});
afterAll(() => {
  database.close();
  folder.remove();
});

// A shared vocabulary, a cross, a threshold of its own, and missing values.
const yaml = folder.write(
  'schema.yaml',
  `label: y = 1
minCount: 3
fields:
  - a
  - b
  - { name: both, cross: [a, b] }
  - { name: home, vocabulary: place, column: a }
  - { name: work, vocabulary: place, lower: b }
  - { name: all, column: b, minCount: 1 }
`,
);
interface Encoded {
  out: string;
  manifest: Manifest;
}
let outs = 0;
async function encode(rows: readonly string[], more: Partial<PrepareOptions> = {}): Promise<Encoded> {
  const input = [folder.write(`day${outs}.csv`, `y,a,b\n${rows.map((row) => `${row}\n`).join('')}`)];
  const out = folder.path(`out${outs++}`);
  const schema = more.extend === undefined ? yaml : undefined;
  return { out, manifest: await prepare({ dataset: 'csv', schema, input, out, threads: 1, ...more }) };
}
type Entry = { value: unknown; count: number; id: number };
async function vocabulary({ out }: Encoded, name: string): Promise<Entry[]> {
  const rows = await database.query(`SELECT * FROM '${out}/vocabularies/${name}.parquet'`);
  return rows.map(({ value, count, id }) => ({ value, count: Number(count), id: Number(id) }));
}
/** The index must have the values with an id of the Parquet file, each with that id, and no others. */
async function checkIndex(data: Encoded, name: string): Promise<void> {
  const entries = await vocabulary(data, name);
  const described = data.manifest.vocabularies.find((entry) => entry.name === name);
  const index = await readVocabularyIndex(
    join(data.out, `vocabularies/${name}.index`),
    described?.index.sha256,
  );
  expect(index.parts.shape.values).toBe((described?.size ?? 0) - 1);
  for (const { value, id } of entries)
    expect([value, index.idOf(value as string | null)]).toEqual([value, id]);
}
const idsOf = (entries: Entry[]) => entries.filter(({ id }) => id > 0).sort((a, b) => a.id - b.id);
const inOrder = (a: Entry, b: Entry) =>
  b.count - a.count || Buffer.compare(Buffer.from(String(a.value ?? '')), Buffer.from(String(b.value ?? '')));

const letters = ['', 'p', 'q', 'r', 'S', 's', 't', '|', 'ü', 'v', 'w'];
const row = fc
  .tuple(fc.nat(1), fc.nat({ max: letters.length - 1 }), fc.nat({ max: letters.length - 1 }))
  .map(([y, a, b]) => `${y},${letters[a]},${letters[b]}`);
const day = fc.array(row, { minLength: 1, maxLength: 40 });

test('day by day gives the counts of all days at once, moves no id, and adds those that pass only now', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 20, maxLength: 40 }),
      day,
      day,
      fc.constantFrom('train' as const, 'all' as const),
      async (first, second, third, rows) => {
        const options = { split: 'random' as const, seed: 5, vocabulary: rows };
        const one = await encode(first, options);
        const two = await encode(second, { extend: one.out });
        const three = await encode(third, { extend: two.out });
        const whole = await encode([...first, ...second, ...third], options);
        expect(three.manifest.extends).toEqual([one.manifest.fingerprint, two.manifest.fingerprint]);
        expect(three.manifest.firstRow).toBe(first.length + second.length);
        for (const { name } of whole.manifest.vocabularies) {
          const [before, after] = [await vocabulary(two, name), await vocabulary(three, name)];
          const counts = (entries: Entry[]) => new Map(entries.map(({ value, count }) => [value, count]));
          expect(counts(after)).toEqual(counts(await vocabulary(whole, name)));
          const least = name === 'all' ? 1 : 3;
          const kept = idsOf(before);
          const now = idsOf(after);
          expect(now.slice(0, kept.length).map(({ value }) => value)).toEqual(kept.map(({ value }) => value));
          expect(now.map(({ id }) => id)).toEqual(now.map((_, i) => i + 1));
          const known = new Set(kept.map(({ value }) => value));
          const expected = after
            .filter(({ value, count }) => !known.has(value) && count >= least)
            .sort(inOrder);
          expect(now.slice(kept.length)).toEqual(
            expected.map((entry, i) => ({ ...entry, id: kept.length + i + 1 })),
          );
          const size = three.manifest.vocabularies.find((entry) => entry.name === name);
          expect([size?.size, size?.rare]).toEqual([now.length + 1, after.length - now.length]);
          for (const data of [one, two, three]) await checkIndex(data, name);
        }
      },
    ),
    { numRuns: 12 },
  );
});

test('only new rows are encoded, in the splits they would have had, by the ids there are now', async () => {
  const rows = (from: number, n: number) =>
    Array.from({ length: n }, (_, i) => `${i % 2},x${(from + i) % 9},y${(from + i) % 5}`);
  const one = await encode(rows(0, 60), { seed: 3, minCount: 1, vocabulary: 'all', split: 'random' });
  const two = await encode(rows(60, 45), { extend: one.out });
  const whole = await encode(rows(0, 105), { seed: 3, minCount: 1, vocabulary: 'all', split: 'random' });
  // All values are known on the first day, but their order by count may differ: compare what the ids stand for.
  const texts = async (data: Encoded) => {
    const a = new Map((await vocabulary(data, 'a')).map(({ id, value }) => [id, value]));
    const all: string[] = [];
    for (const { name, file } of data.manifest.splits) {
      for (const found of await database.query(`SELECT a FROM '${join(data.out, file)}'`))
        all.push(`${name} ${a.get(Number(found.a))}`);
    }
    return all.sort();
  };
  const [first, second, both] = [await texts(one), await texts(two), await texts(whole)];
  expect([first.length, second.length]).toEqual([60, 45]);
  expect([...first, ...second].sort()).toEqual(both);
});

test('an extension with nothing new has the same ids, and no row for training is no mistake', async () => {
  const one = await encode(['1,p,q', '0,p,q', '1,p,q', '0,p,q'], { split: 'modulus' });
  const old = readFileSync(join(one.out, 'vocabularies/a.parquet'));
  // Rows 4 to 9: 8 and 9 are validation and test.
  const two = await encode(['1,p,q', '0,z,q', '1,z,q', '0,z,q', '1,n,q', '1,n,q'], { extend: one.out });
  expect(two.manifest.splits.map(({ rows }) => rows)).toEqual([4, 1, 1]);
  expect(idsOf(await vocabulary(two, 'a'))).toEqual([
    { value: 'p', count: 5, id: 1 },
    { value: 'z', count: 3, id: 2 },
  ]);
  // 'p' is not in the second day, and all values but 'n' are known: the index has them all the same.
  await checkIndex(two, 'a');
  const three = await encode(['1,p,q'], {
    extend: two.out,
    split: 'modulus',
    seed: 1,
    minCount: 3,
    vocabulary: 'train',
  });
  expect(three.manifest.firstRow).toBe(10);
  expect(readFileSync(join(one.out, 'vocabularies/a.parquet'))).toEqual(old);
});

test('an option that differs is bad usage and names both', async () => {
  const one = await encode(['1,p,q', '0,p,q'], { split: 'modulus', seed: 4 });
  const other = folder.write('other.yaml', 'label: y = 1\nfields: [a]\n');
  const cases: [Partial<PrepareOptions>, RegExp][] = [
    [{ seed: 5 }, /^The --seed is '5', but '.*' was prepared with '4'\.$/],
    [{ split: 'random' }, /^The --split is 'random', but '.*' was prepared with 'modulus'/],
    [{ minCount: 9 }, /^The --min-count is '9', but .* with '3'/],
    [{ vocabulary: 'all' }, /^The --vocabulary is 'all', but .* with 'train'/],
    [{ dataset: 'parquet' }, /^The data set is 'parquet', but .* with 'csv'/],
    [{ schema: other }, /^The schema is another than that of '.*': 1 fields, there 6/],
  ];
  for (const [more, message] of cases) {
    const error: unknown = await encode(['1,p,q'], { extend: one.out, ...more }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  }
  await encode(['1,p,q'], { extend: one.out, schema: yaml, split: 'modulus' });
  await expect(encode(['1,p,q'], { extend: folder.path('none') })).rejects.toThrow(
    'holds no encoded data set',
  );
});

test('a schema that reads or splits otherwise is refused by name, and data never takes the place of what it extends', async () => {
  const rows = ['1,p,q', '0,p,q', '1,p,q', '0,p,q', '1,p,q'];
  const one = await encode(rows, { split: 'modulus' });
  const text = readFileSync(yaml, 'utf8');
  const other = (name: string, more: string) => folder.write(name, `${text}${more}`);
  await expect(
    encode(rows, { extend: one.out, schema: other('tabs.yaml', "separator: ';'\n") }),
  ).rejects.toThrow(/^The schema's format is .*";".*, but '.*' was prepared with /);
  const grouped = encode(rows, { extend: one.out, schema: other('grouped.yaml', 'group: a\n') });
  await expect(grouped).rejects.toThrow(/group "a", there "none"/);
  const same = {
    dataset: 'csv',
    extend: one.out,
    input: [folder.write('more.csv', 'y,a,b\n1,p,q\n')],
    threads: 1,
  };
  await expect(
    prepare({ ...same, out: `${one.out}/../${one.out.split('/').pop()}`, force: true }),
  ).rejects.toThrow('cannot take the place of');
});
