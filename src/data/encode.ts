// Values → ids: joins the row table with the vocabularies, as many fields at a time as the memory allows, and puts
// the rows in stored order. Each group of fields becomes a table whose rows stand in the same order as those of the
// others, so that the columns can be put side by side again without a join.
import type { Field } from '../schema/schema.js';
import { identifier } from '../schema/sql.js';
import type { Database } from './database.js';
import type { RowPlan } from './row-table.js';
import { keysOf, type Vocabulary } from './vocabulary.js';

export interface SizedVocabulary {
  vocabulary: Vocabulary;
  /** Ids, OOV included. */
  size: number;
  /** Values that are too rare to have an id. */
  rare: number;
}

/** Roughly what one value takes in a hash table of a join. */
const bytesPerEntry = 64;
const bytesPerKey = 24;

/** Cuts the fields, in their order, into groups whose vocabularies fit into a quarter of the memory together. */
export function groupFields(
  fields: readonly Field[],
  sizeOf: (field: Field) => SizedVocabulary,
  memoryBytes: number,
): Field[][] {
  const groups: Field[][] = [];
  let free = 0;
  for (const field of fields) {
    const { vocabulary, size } = sizeOf(field);
    const bytes = size * (bytesPerEntry + bytesPerKey * vocabulary.keys);
    if (bytes > free || groups.length === 0) {
      groups.push([]);
      free = memoryBytes / 4;
    }
    groups.at(-1)?.push(field);
    free -= bytes;
  }
  return groups;
}

/** Makes the table `name` with split, label and one column of ids per field, in stored order. */
export async function encodeGroup(
  database: Database,
  name: string,
  fields: readonly Field[],
  vocabularyOf: (field: Field) => Vocabulary,
  plan: RowPlan,
  onFraction: (fraction: number) => void,
): Promise<void> {
  const ids = fields.map((field, i) => `coalesce(t${i}.id, 0) AS ${identifier(field.name)}`);
  const joins = fields.map((field, i) => {
    const vocabulary = vocabularyOf(field);
    const keys = keysOf(vocabulary, field, plan);
    const same = keys.map((key, k) => `${key} IS NOT DISTINCT FROM t${i}.k${k}`);
    return `LEFT JOIN ${vocabulary.table} AS t${i} ON ${same.join(' AND ')}`;
  });
  await database.run(
    `CREATE TABLE ${name} AS SELECT split, label, ${ids.join(', ')}
     FROM rows ${joins.join(' ')} ORDER BY split, stored, row`,
    onFraction,
  );
}

/** SQL of all encoded columns of one split, in stored order. `groups` are the tables of encodeGroup. */
export function encodedSql(groups: readonly string[], fields: readonly Field[], split: number): string {
  const [first] = groups;
  const columns = fields.map((field) => identifier(field.name)).join(', ');
  return `SELECT ${first}.label, ${columns} FROM ${groups.join(' POSITIONAL JOIN ')} WHERE ${first}.split = ${split}`;
}
