// Crosses, which are counted, sorted and looked up by codes: their vocabularies and ids are those that their texts would
// have given, whatever the texts are.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../test/fixtures/invented-files.js';
import { scratchDatabase } from '../../test/scratch-database.js';
import { type RawRow, RowReader } from '../schema/rows.js';
import type { Field, Schema } from '../schema/schema.js';
import type { Database } from './database.js';
import { packing } from './field-keys.js';
import { prepare } from './prepare.js';
import { fileDataset } from './schema-file.js';

const folder = testFolder();
let database: Database;
beforeAll(async () => {
  const scratch = await scratchDatabase();
  database = scratch.database;
  return scratch.close;
});
afterAll(() => folder.remove());

const column = (name: string) => ({ kind: 'column' as const, column: name });
const cross = (...names: string[]): Field => ({
  name: names.join('_'),
  value: { kind: 'cross', of: names.map(column) },
});

/** Prepares rows of the columns y, c0, c1, … and compares every vocabulary and id with those of their texts. */
async function comparePrepared(schema: Schema, rows: readonly (readonly string[])[], minCount: number) {
  const names = ['y', ...rows[0].map((_, i) => `c${i}`)];
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const lines = rows.map((cells, i) => [String(i % 2), ...cells.map(quoted)].join(','));
  const input = [folder.write('rows.csv', `${[names.join(','), ...lines].join('\n')}\n`)];
  const dataset = fileDataset(
    'csv',
    schema,
    { kind: 'csv', separator: ',', quotes: 'double' },
    { minCount: 1 },
  );
  const out = folder.path('out');
  await prepare({
    dataset: { ...dataset, name: 'crosses' },
    input,
    out,
    minCount,
    split: 'random',
    force: true,
    threads: 2,
  });

  const reader = new RowReader(schema);
  const texts = rows.map((cells): (string | null)[] => {
    const row: RawRow = Object.fromEntries(names.map((name, i) => [name, i === 0 ? '1' : cells[i - 1]]));
    return reader.read(row).map((value) => (value === null ? null : String(value)));
  });
  const splits = ['train', 'validation', 'test'].map((split) => `'${out}/${split}.parquet'`).join(', ');
  for (const [f, field] of schema.fields.entries()) {
    const contents = await database.query(
      `SELECT value, count, id FROM '${out}/vocabularies/${field.vocabulary ?? field.name}.parquet'`,
    );
    const found = contents.map(({ value, count, id }) => [value, Number(count), Number(id)]);
    // Sorted anew by what the rule says: count, then bytes, missing first.
    const sorted = found.toSorted(([a, n], [b, m]) => Number(m) - Number(n) || compareTexts(a, b));
    expect(found).toEqual(sorted);
    expect(found.map(([, , id]) => id)).toEqual(
      found.map(([, count], i) => (Number(count) >= minCount ? i + 1 : 0)),
    );
    const ids = new Map(found.map(([value, , id]) => [value, Number(id)]));
    // The same rows with the same ids, though in another order.
    const expected = texts.map((values) => ids.get(values[f]) ?? 0).sort((a, b) => a - b);
    const column = `"${field.name}"`;
    const written = await database.query(`SELECT ${column} AS id FROM read_parquet([${splits}]) ORDER BY id`);
    expect(written.map(({ id }) => Number(id))).toEqual(expected);
    expect(found.every(([value]) => texts.some((values) => values.includes(value as string | null)))).toBe(
      true,
    );
  }
}

function compareTexts(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

// Texts that are beginnings of others, with what crosses escape, and what sorts before and after a bar.
const text = fc.oneof(
  fc.constantFrom('', '1', '10', '1|', '1\\', '1}', '\\', '|', '}', 'é', '1é', 'ab', 'a'),
  fc.string({ maxLength: 2, unit: fc.constantFrom('a', '|', '\\', '}', '~', ' ', '1') }),
);

test('vocabularies and ids of crosses are those of their texts', async () => {
  const schema: Schema = {
    label: 'y = 1',
    fields: [
      { name: 'c0', value: column('c0') },
      cross('c0', 'c1'),
      cross('c1', 'c0'),
      cross('c0', 'c1', 'c2'),
      cross('c2', 'c2'),
      // Shared: looked up by text.
      { name: 'either', vocabulary: 'shared', value: column('c1') },
      { ...cross('c1', 'c2'), vocabulary: 'shared' },
    ],
    group: 'c1',
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text, text), { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 2 }),
      (rows, minCount) => comparePrepared(schema, rows, minCount),
    ),
    { numRuns: 15 },
  );
}, 120_000);

test('a cross of more parts than a number holds', async () => {
  const parts = Array.from({ length: 9 }, (_, i) => `c${i}`);
  const rows = Array.from({ length: 400 }, (_, i) => parts.map((_, p) => `v${(i * (p + 3)) % (211 + p)}`));
  expect(packing(parts.map((_, p) => 211 + p)).length).toBe(2);
  await comparePrepared(
    { label: 'y = 1', fields: [cross(...parts), cross('c0', 'c8')] },
    [...rows, ...rows],
    2,
  );
}, 60_000);

test('parts are packed in their order, and can be taken out again', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 ** 32 }), { minLength: 1, maxLength: 12 }), (sizes) => {
      const numbers = packing(sizes);
      expect(numbers.flat().map(({ index }) => index)).toEqual(sizes.map((_, i) => i));
      for (const number of numbers) {
        // The largest tuple, as the SQL packs it and takes it out.
        const packed = number.reduce((sum, { size }) => sum * BigInt(size) + BigInt(size - 1), 0n);
        expect(packed).toBeLessThan(2n ** 53n);
        for (const { size, below } of number) {
          expect((packed / BigInt(below)) % BigInt(size)).toBe(BigInt(size - 1));
        }
      }
    }),
  );
});
