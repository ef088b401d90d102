// A small encoded dataset for tests: writes the Parquet files and returns the manifest that `prepare` would write.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Manifest } from '../src/data/manifest.js';
import { VocabularyIndexBuilder } from '../src/formats/vocabulary-index-builder.js';
import { writeVocabularyIndex } from '../src/formats/vocabulary-index-file.js';
import type { Pooling } from '../src/schema/schema.js';

export interface EncodedDatasetOptions {
  readonly rows: number;
  /** Vocabulary size of each field. */
  readonly sizes: readonly number[];
  readonly rowGroupRows: number;
  /** SQL for the id of field f; `i` is the row, `size` the vocabulary. By default one that names row and field. */
  readonly id?: (field: number, size: number) => string;
  /** SQL for the label; `i` is the row. */
  readonly label?: string;
  /** Fields that are bags, of one to five ids, the first of them `id`. */
  readonly bags?: Readonly<Record<number, Pooling>>;
  /** Rows with two numbers (every seventh missing), a weight and a group: see `fixtureExtras`. */
  readonly hasExtras?: boolean;
}

/** The bag that the default fixture stores: five neighbours of the id, or fewer. */
export function fixtureBag(row: number, field: number, size: number): number[] {
  const id = fixtureId(row, field, size);
  return Array.from({ length: 1 + ((row + field) % 5) }, (_, k) => (id + k * k) % size);
}

/** Raw numbers, weight and group of a row. */
export function fixtureExtras(row: number) {
  const numbers = [row % 7 === 0 ? null : (row % 13) / 4, row % 31];
  return { numbers, weight: 0.5 + (row % 4), group: row % 9 };
}

export const fixtureNumbers: NonNullable<Manifest['numbers']> = [
  { name: 'number 0', transform: 'log', mean: 0.5, deviation: 2 },
  { name: 'number 1', transform: 'none', mean: 15, deviation: 8 },
];

/** The id that the default fixture stores. */
export function fixtureId(row: number, field: number, size: number): number {
  return (row * 7919 + field * 104_729) % size;
}

/** Writes split `train` into a new folder under the system's temporary one. */
export async function writeEncodedDataset(
  options: EncodedDatasetOptions,
): Promise<{ dir: string; manifest: Manifest }> {
  const { rows, sizes, rowGroupRows } = options;
  const id = options.id ?? ((field, size) => `(i * 7919 + ${field} * 104729) % ${size}`);
  const dir = mkdtempSync(join(tmpdir(), 'bitrow-'));
  const bag = (field: number, size: number) =>
    `list_transform(range(1 + (i + ${field}) % 5), lambda k: (${id(field, size)} + k * k) % ${size})`;
  const columns = sizes.map((size, field) => {
    const isBag = options.bags?.[field] !== undefined;
    const [value, type] = isBag ? [bag(field, size), 'uinteger[]'] : [id(field, size), 'uinteger'];
    return `cast(${value} as ${type}) as "field ${field}"`;
  });
  if (options.hasExtras) {
    columns.push(
      'cast(if(i % 7 = 0, null, (i % 13) / 4) as double) as "number 0", cast(i % 31 as double) as "number 1"',
      'cast(0.5 + i % 4 as float) as weight, cast(i % 9 as uinteger) as "group"',
    );
  }
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(
      `copy (select cast(${options.label ?? 'i % 2'} as utinyint) as label, ${columns.join(', ')} from range(${rows}) r(i))
       to '${join(dir, 'train.parquet')}' (format parquet, row_group_size ${rowGroupRows}, compression snappy)`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  const manifest: Manifest = {
    format: 'bitrow-dataset',
    version: 1,
    bitrow: '0.0.0',
    dataset: 'fixture',
    seed: 0,
    options: {},
    schema: {},
    fingerprint: 'fixture',
    fields: sizes.map((_, field) => {
      const pooling = options.bags?.[field];
      const named = { name: `field ${field}`, vocabulary: `vocabulary ${field}` };
      return pooling ? { ...named, bag: { pooling, longest: 5 } } : named;
    }),
    ...(options.hasExtras && { numbers: fixtureNumbers, hasWeight: true, hasGroup: true }),
    vocabularies: await Promise.all(
      sizes.map(async (size, field) => ({
        name: `vocabulary ${field}`,
        size,
        file: `vocabulary-${field}.parquet`,
        sha256: '',
        index: await writeIndex(dir, `vocabulary-${field}.index`, size),
      })),
    ),
    splits: [
      {
        name: 'train',
        file: 'train.parquet',
        rows,
        positives: Math.floor(rows / 2),
        ...(options.bags && { mostIds: mostIds(options) }),
        rowGroupRows,
        sha256: '',
      },
    ],
    input: [],
  };
  return { dir, manifest };
}

/** The values 1, 2, … under the ids of the same number. */
async function writeIndex(
  dir: string,
  file: string,
  size: number,
): Promise<{ file: string; sha256: string }> {
  const values = Array.from({ length: size - 1 }, (_, i) => String(i + 1));
  const builder = new VocabularyIndexBuilder(values.length, values.join('').length);
  for (const value of values) builder.add(value);
  return { file, sha256: await writeVocabularyIndex(join(dir, file), builder) };
}

/** The manifest's `mostIds`, from the definition. */
function mostIds({ rows, sizes, bags = {} }: EncodedDatasetOptions): number[] {
  const idsOf = (row: number) =>
    sizes.reduce((sum, size, field) => sum + (bags[field] ? fixtureBag(row, field, size).length : 1), 0);
  const descending = Array.from({ length: rows }, (_, row) => idsOf(row)).sort((a, b) => b - a);
  const most = (count: number) => descending.slice(0, count).reduce((sum, ids) => sum + ids, 0);
  const powers = Array.from({ length: Math.floor(Math.log2(rows)) + 1 }, (_, k) => most(2 ** k));
  return [...powers, most(rows)];
}
