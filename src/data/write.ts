// The files of an encoded data set: Parquet for splits and vocabularies, written so that the same tables give the
// same bytes with any number of threads (rows in a total order, row groups of a fixed size).
import { join } from 'node:path';
import { writeVocabularyIndex } from '../formats/vocabulary-index-file.js';
import { rowColumns, type Schema } from '../schema/schema.js';
import { identifier, literal } from '../schema/sql.js';
import { isList } from '../schema/transformation.js';
import { mostIds } from './bags.js';
import { sha256OfFile } from './checksum.js';
import type { Database } from './database.js';
import { encodedSql } from './encode.js';
import { type Manifest, type SplitName, splitNames } from './manifest.js';
import { plainColumns } from './row-table.js';
import type { SizedVocabulary } from './vocabulary.js';
import { indexOf } from './vocabulary-index.js';

/** Rows of a row group: a multiple of DuckDB's vectors of 2,048. */
export const rowGroupRows = 61_440;

/** Writes `vocabularies/<name>.parquet`: value, count, id, by id; then the values without one, by count and value. Beside
 * it the index, `<name>.index`. */
export async function writeVocabulary(
  database: Database,
  directory: string,
  { vocabulary, size, rare, contents }: SizedVocabulary,
): Promise<Manifest['vocabularies'][number]> {
  const file = `vocabularies/${vocabulary.name}.parquet`;
  const index = `vocabularies/${vocabulary.name}.index`;
  const builder = await indexOf(database, contents, size - 1);
  // DuckDB writes in its threads, the index is made in this one.
  const [, indexSha256] = await Promise.all([
    database.run(
      `COPY (${contents}) TO ${literal(join(directory, file))}
       (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`,
    ),
    writeVocabularyIndex(join(directory, index), builder),
  ]);
  const sha256 = await sha256OfFile(join(directory, file));
  return { name: vocabulary.name, size, rare, file, sha256, index: { file: index, sha256: indexSha256 } };
}

export interface WrittenSplit {
  split: Manifest['splits'][number];
  /** The most elements of one row, per field. */
  longest: number[];
}

/** Writes `<split>.parquet`: label, fields, numbers, weight, group. Snappy, because it is read once per epoch. */
export async function writeSplit(
  database: Database,
  directory: string,
  split: SplitName,
  schema: Schema,
  groups: readonly string[],
): Promise<WrittenSplit> {
  const file = `${split}.parquet`;
  const names = [...schema.fields, ...plainColumns(schema)].map(({ name }) => name);
  if (schema.group !== undefined) names.push(rowColumns.group);
  const rows = encodedSql(groups, names, splitNames.indexOf(split));
  await database.run(
    `COPY (${rows}) TO ${literal(join(directory, file))}
     (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${rowGroupRows})`,
  );
  const { fields } = schema;
  const counted = fields.flatMap(({ name, value }, i) => {
    const ids = identifier(name);
    if (!isList(value)) return `count(*) FILTER (${ids} = 0) AS o${i}`;
    const oov = `coalesce(sum(len(list_filter(${ids}, lambda id: id = 0))), 0) AS o${i}`;
    return [oov, `coalesce(sum(len(${ids})), 0) AS i${i}`, `coalesce(max(len(${ids})), 0) AS l${i}`];
  });
  const [counts] = await database.query(
    `SELECT count(*) AS rows, count(*) FILTER (label = 1) AS positives, ${counted.join(', ')} FROM (${rows})`,
  );
  const count = (name: string) => Number(counts?.[name]);
  const hasBags = fields.some(({ value }) => isList(value));
  return {
    split: {
      name: split,
      file,
      rows: count('rows'),
      positives: count('positives'),
      oov: fields.map((_, i) => count(`o${i}`)),
      ...(hasBags && {
        ids: fields.map(({ value }, i) => count(isList(value) ? `i${i}` : 'rows')),
        mostIds: await mostIds(database, rows, fields),
      }),
      rowGroupRows,
      sha256: await sha256OfFile(join(directory, file)),
    },
    longest: fields.map(({ value }, i) => (isList(value) ? count(`l${i}`) : 1)),
  };
}
