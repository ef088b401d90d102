// The files of an encoded data set: Parquet for splits and vocabularies, written so that the same tables give the
// same bytes with any number of threads (rows in a total order, row groups of a fixed size).
import { join } from 'node:path';
import type { Schema } from '../schema/schema.js';
import { identifier, literal } from '../schema/sql.js';
import { sha256OfFile } from './checksum.js';
import type { Database } from './database.js';
import { encodedSql, type SizedVocabulary } from './encode.js';
import { type Manifest, type SplitName, splitNames } from './manifest.js';
import { writeIndex } from './vocabulary-index.js';

/** Rows of a row group: a multiple of DuckDB's vectors of 2,048. */
export const rowGroupRows = 61_440;

/** Writes `vocabularies/<name>.parquet`: value, count, id, by id; then the values without one, by count and value. Beside
 * it the index, `<name>.index`. */
export async function writeVocabulary(
  database: Database,
  directory: string,
  { vocabulary, size, rare }: SizedVocabulary,
): Promise<Manifest['vocabularies'][number]> {
  const file = `vocabularies/${vocabulary.name}.parquet`;
  await database.run(
    `COPY (SELECT * FROM (SELECT value, count, id FROM ${vocabulary.table}
         UNION ALL SELECT value, count, id FROM ${vocabulary.restTable})
       ORDER BY id = 0, id, count DESC, value NULLS FIRST) TO ${literal(join(directory, file))}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
  const sha256 = await sha256OfFile(join(directory, file));
  const index = `vocabularies/${vocabulary.name}.index`;
  const indexSha256 = await writeIndex(
    database,
    `read_parquet(${literal(join(directory, file))})`,
    join(directory, index),
  );
  return { name: vocabulary.name, size, rare, file, sha256, index: { file: index, sha256: indexSha256 } };
}

/** Writes `<split>.parquet`: label, then the fields. Snappy, because it is read once per epoch. */
export async function writeSplit(
  database: Database,
  directory: string,
  split: SplitName,
  schema: Schema,
  groups: readonly string[],
): Promise<Manifest['splits'][number]> {
  const file = `${split}.parquet`;
  const rows = encodedSql(groups, schema.fields, splitNames.indexOf(split));
  await database.run(
    `COPY (${rows}) TO ${literal(join(directory, file))}
     (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
  const oov = schema.fields.map((field, i) => `count(*) FILTER (${identifier(field.name)} = 0) AS o${i}`);
  const [counts] = await database.query(
    `SELECT count(*) AS rows, count(*) FILTER (label = 1) AS positives, ${oov.join(', ')} FROM (${rows})`,
  );
  return {
    name: split,
    file,
    rows: Number(counts?.rows),
    positives: Number(counts?.positives),
    oov: oov.map((_, i) => Number(counts?.[`o${i}`])),
    rowGroupRows,
    sha256: await sha256OfFile(join(directory, file)),
  };
}
