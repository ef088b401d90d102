// Reads what the vocabularies of an encoded data set know of their values: how often each was counted, and the text
// behind an id. Rows with id 0 (values that are too rare to have one) are none of an id's business and skipped.
import { join } from 'node:path';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { literal } from '../schema/sql.js';
import { connectDuckDB } from './duckdb.js';
import type { EncodedDataset } from './encoded-dataset.js';
import type { Manifest } from './manifest.js';

/** How often each id was counted when the data was prepared, (size); 0 for OOV. @throws UserError for a damaged file */
export async function readCounts(dataset: EncodedDataset, vocabulary: string): Promise<Float64Array> {
  const { size } = vocabularyOf(dataset, vocabulary);
  const counts = new Float64Array(size);
  await scan(dataset, vocabulary, 'id, CAST(count AS DOUBLE)', (chunk) => {
    const ids = chunk.getColumnVector(0);
    const column = chunk.getColumnVector(1);
    for (let i = 0; i < chunk.rowCount; i++) {
      const id = Number(ids.getItem(i));
      if (id < size) counts[id] = Number(column.getItem(i));
    }
  });
  return counts;
}

/** The texts of some ids; null is the missing value. Ids that no value has are not in the answer. */
export async function readValues(
  dataset: EncodedDataset,
  vocabulary: string,
  ids: ReadonlySet<number>,
): Promise<Map<number, string | null>> {
  const values = new Map<number, string | null>();
  await scan(dataset, vocabulary, 'id, value', (chunk) => {
    const idColumn = chunk.getColumnVector(0);
    const valueColumn = chunk.getColumnVector(1);
    for (let i = 0; i < chunk.rowCount; i++) {
      const id = Number(idColumn.getItem(i));
      const value = valueColumn.getItem(i);
      if (ids.has(id)) values.set(id, value === null ? null : String(value));
    }
  });
  return values;
}

function vocabularyOf({ manifest }: EncodedDataset, name: string): Manifest['vocabularies'][number] {
  const found = manifest.vocabularies.find((vocabulary) => vocabulary.name === name);
  if (!found) throw new Error(`The manifest has no vocabulary '${name}'.`);
  return found;
}

async function scan(
  dataset: EncodedDataset,
  vocabulary: string,
  columns: string,
  visit: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  const path = join(dataset.dir, vocabularyOf(dataset, vocabulary).file);
  const { connection, close } = await connectDuckDB();
  try {
    const result = await connection.stream(
      `SELECT ${columns} FROM read_parquet(${literal(path)}) WHERE id > 0`,
    );
    for (
      let chunk = await result.fetchChunk();
      chunk && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      visit(chunk);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(`The vocabulary file '${path}' cannot be read: ${reason}.`, 'prepare the data again');
  } finally {
    close();
  }
}
