// docs/schema.md does what it says: its example is prepared, and every field in its tables is one.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { parseSchemaFile } from '../src/data/schema-file.js';
import { forms } from '../src/data/schema-short-forms.js';
import { evaluate, open, prepare, resolveConfig, train } from '../src/index.js';
import { numberTransforms } from '../src/schema/number-input.js';
import { poolings, schemaSchema } from '../src/schema/schema.js';
import { testFolder } from './fixtures/invented-files.js';

const folder = testFolder();
afterAll(() => folder.remove());
const text = readFileSync(fileURLToPath(new URL('../../docs/schema.md', import.meta.url)), 'utf8');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) =>
    String(block),
  );

test('the example is prepared', async () => {
  const input = [folder.write('events.csv', String(blocks('csv')[0]))];
  const schema = folder.write('schema.yaml', String(blocks('yaml')[0]));
  const manifest = await prepare({ dataset: 'csv', input, schema, out: folder.path('out') });
  expect(manifest.splits.map(({ name, rows, positives }) => [name, rows, positives])).toEqual([
    ['train', 2, 1],
    ['validation', 1, 0],
    ['test', 1, 1],
  ]);
  const sizes = Object.fromEntries(manifest.vocabularies.map(({ name, size }) => [name, size - 1]));
  expect(sizes).toMatchObject({
    user: 2,
    product: 1,
    hour: 1,
    price: 1,
    town: 2,
    user_hour: 2,
    user_product: 2,
  });
});

test('the example with lists, numbers, weight and group is prepared, trained on and scored', async () => {
  const rows = String(blocks('csv')[1]);
  const [header, ...lines] = rows.trim().split('\n');
  // The rows of the page, ten times: training, validation and test have some of them.
  const all = [header, ...Array.from({ length: 10 }, () => lines).flat()].join('\n');
  const input = [folder.write('views.csv', `${all}\n`)];
  const schema = folder.write('views.yaml', String(blocks('yaml')[2]));
  const data = folder.path('views');
  const manifest = await prepare({ dataset: 'csv', input, schema, out: data, negativeSampling: 0.9 });
  expect(manifest.fields).toEqual([
    { name: 'user', vocabulary: 'user' },
    { name: 'item', vocabulary: 'items' },
    { name: 'seen', vocabulary: 'items', bag: { pooling: 'sum', longest: 3 } },
    { name: 'tags', vocabulary: 'tags', bag: { pooling: 'mean', longest: 2 } },
  ]);
  // i2, i7, i9 and the empty list; shoes, sale, garden and the empty list.
  expect(manifest.vocabularies.map(({ name, size }) => [name, size - 1])).toEqual([
    ['user', 3],
    ['items', 4],
    ['tags', 4],
  ]);
  expect(manifest.numbers?.map(({ name, transform }) => [name, transform])).toEqual([
    ['price', 'log'],
    ['age', 'none'],
  ]);
  expect([manifest.hasWeight, manifest.hasGroup]).toEqual([true, true]);
  const config = resolveConfig({ model: { dim: 2, hidden: [4] }, training: { epochs: 1, batchSize: 16 } });
  const run = folder.path('run');
  await train({ data, out: run, config, threads: 1 });
  expect((await evaluate({ run, data, threads: 1 })).grouped?.by).toBe('group');
  const model = await open(run);
  const asked = { user: 'u1', item: 'i7', seen: `i2|${'i9|'.repeat(40)}`, tags: null, price: 3, age: null };
  const { oov } = await model.predict([asked, { user: 'u9', seen: 'i3|i4' }]);
  // The second row has no item, no tag and no number; a missing item is what an empty list is.
  expect(oov).toEqual({ user: 1, item: 0, seen: 2, tags: 0 });
  await model.close();
});

test('every key of the schema stands on the page', () => {
  for (const key of Object.keys(schemaSchema.shape))
    expect(text).toMatch(new RegExp(`^${key}:|\`${key}\``, 'm'));
  for (const pooling of poolings) expect(text).toContain(`\`${pooling}\``);
  for (const transform of numberTransforms) expect(text).toContain(`\`${transform}\``);
});

test('short and long forms are the same', () => {
  const [short, long] = blocks('yaml').map(
    (block) => parseSchemaFile('csv', 'schema.yaml', block).schema.fields,
  );
  for (const field of long ?? []) expect(short?.find(({ name }) => name === field.name)).toEqual(field);
  expect(long).toHaveLength(2);
});

test('every transformation stands in the table, and is one', () => {
  const rows = [...text.matchAll(/^\| (\w+) \| `(\{ name: .*?\})` \|/gm)];
  for (const [, kind, field] of rows) {
    const yaml = `label: y = 1\nfields: [from, to, ${String(field).replaceAll('\\|', '|')}]\n`;
    expect(parseSchemaFile('csv', 'x.yaml', yaml).schema.fields.at(-1)?.value.kind).toBe(kind);
  }
  expect(rows.map(([, kind]) => kind).sort()).toEqual(Object.keys(forms).sort());
});
