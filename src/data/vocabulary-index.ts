// Writes a vocabulary's index from its Parquet file, value after value: only the index itself is in memory.
import { VocabularyIndexBuilder } from '../formats/vocabulary-index.js';
import { writeVocabularyIndex } from '../formats/vocabulary-index-file.js';
import type { Database } from './database.js';

/** Writes the index of `table`, as SQL, which has the columns value and id. @returns the SHA-256 of the file */
export async function writeIndex(database: Database, table: string, path: string): Promise<string> {
  // Id 0 is OOV, whatever stands there.
  const [totals] = await database.query(
    `SELECT count(*) AS n, CAST(coalesce(sum(strlen(value)), 0) AS BIGINT) AS bytes FROM ${table} WHERE id > 0`,
  );
  const builder = new VocabularyIndexBuilder(Number(totals?.n), Number(totals?.bytes));
  for await (const [values] of database.stream(`SELECT value FROM ${table} WHERE id > 0 ORDER BY id`)) {
    for (const value of values) builder.add(value as string | null);
  }
  return writeVocabularyIndex(path, builder);
}
