// A small encoded dataset for tests: writes the Parquet files and returns the manifest that `prepare` would write.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Manifest } from '../src/data/manifest.js';
import { VocabularyIndexBuilder } from '../src/formats/vocabulary-index.js';
import { writeVocabularyIndex } from '../src/formats/vocabulary-index-file.js';

export interface EncodedDatasetOptions {
  readonly rows: number;
  /** Vocabulary size of each field. */
  readonly sizes: readonly number[];
  readonly rowGroupRows: number;
  /** SQL for the id of field f; `i` is the row, `size` the vocabulary. By default one that names row and field. */
  readonly id?: (field: number, size: number) => string;
  /** SQL for the label; `i` is the row. */
  readonly label?: string;
}

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
  const columns = sizes.map((size, field) => `cast(${id(field, size)} as uinteger) as "field ${field}"`);
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
    fields: sizes.map((_, field) => ({ name: `field ${field}`, vocabulary: `vocabulary ${field}` })),
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
