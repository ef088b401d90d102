// docs/schema.md does what it says: its example is prepared, and every field in its tables is one.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { prepare } from '../src/data/prepare.js';
import { parseSchemaFile } from '../src/data/schema-file.js';
import { forms } from '../src/data/schema-short-forms.js';
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
