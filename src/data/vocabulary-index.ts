// Makes a vocabulary's index from its values, which come as blocks of bytes: a text at a time would cost more than all else.
// Only the index itself is in memory.
import { VocabularyIndexBuilder } from '../formats/vocabulary-index-builder.js';
import type { Database } from './database.js';

/** Ids whose texts come in one block. */
const blockIds = 65_536;

/** The index of `values` values. `contents` is SQL with the columns value and id; id 0 is OOV, whatever stands there. */
export async function indexOf(
  database: Database,
  contents: string,
  values: number,
): Promise<VocabularyIndexBuilder> {
  const source = `FROM (${contents}) WHERE id > 0`;
  // No value is empty, so 0 is the missing one.
  const lengths = new Uint32Array(values);
  let textBytes = 0;
  let n = 0;
  for await (const [part] of database.stream(
    `SELECT CAST(coalesce(strlen(value), 0) AS UINTEGER) ${source} ORDER BY id`,
  )) {
    for (const length of part as readonly number[]) {
      lengths[n++] = length;
      textBytes += length;
    }
  }
  const builder = new VocabularyIndexBuilder(values, textBytes);
  let next = 0;
  const addMissing = () => {
    for (; next < values && lengths[next] === 0; next++) builder.add(null);
  };
  for await (const [blocks] of database.stream(
    `SELECT encode(string_agg(value, '' ORDER BY id)) ${source} AND value IS NOT NULL
     GROUP BY id // ${blockIds} ORDER BY id // ${blockIds}`,
  )) {
    for (const { bytes } of blocks as readonly { bytes: Uint8Array }[]) {
      for (let at = 0; at < bytes.length; at += lengths[next++]) {
        addMissing();
        builder.addBytes(bytes, at, at + lengths[next]);
      }
    }
  }
  addMissing();
  return builder;
}
