// A vocabulary: which values of its fields get an id. Id 0 is OOV; from 1 by count, the most frequent first, equal
// counts by value (bytes of UTF-8, missing first). Missing is a value like any other. Kept are the values seen at
// least `minCount` times in the rows counted. Of a list each element counts, and an empty list as one missing value.
import { type Field, type Schema, vocabularyOf } from '../schema/schema.js';
import { isList } from '../schema/transformation.js';
import type { Database } from './database.js';
import { groupField, keyColumns, type RowPlan, textSql } from './row-table.js';

export interface Vocabulary {
  name: string;
  /** Its table: key columns k0, k1, …, then value, count, id. */
  table: string;
  fields: readonly Field[];
  minCount: number;
  /** Key columns of the table. A field's tuple of keys is equal exactly when its value is. */
  keys: number;
}

/** The vocabularies of a schema, in the order of their first field. */
export function planVocabularies(schema: Schema, plan: RowPlan, minCount: number): Vocabulary[] {
  const names = [...new Set(schema.fields.map(vocabularyOf))];
  return names.map((name, i) => {
    const fields = schema.fields.filter((field) => vocabularyOf(field) === name);
    return {
      name,
      table: `vocabulary${i}`,
      fields,
      minCount: Math.min(...fields.map((field) => field.minCount ?? minCount)),
      keys: fieldKeys(fields, fields[0], plan).length,
    };
  });
}

/** Numbers for groups, over all rows: 0 is a row without one, the others count from 1. Built like a vocabulary. */
export function planGroups(column: string): Vocabulary {
  const field = groupField(column);
  return { name: field.name, table: 'groups', fields: [field], minCount: 1, keys: 1 };
}

/** SQL of a list's elements over the row table's column: never empty, since no value is a missing one. */
export function elementsSql(column: string): string {
  return `coalesce(${column}, [CAST(NULL AS VARCHAR)])`;
}

/** SQL, over the row table, of the keys that a field is looked up by: the parts of its value, or, where fields of
 * different make share the vocabulary, its text. */
export function keysOf(vocabulary: Vocabulary, field: Field, plan: RowPlan): string[] {
  return fieldKeys(vocabulary.fields, field, plan);
}

function fieldKeys(fields: readonly Field[], field: Field | undefined, plan: RowPlan): string[] {
  if (!field) return [];
  const columns = keyColumns(plan, field.value);
  return fields.length === 1 ? columns : [textSql(field.value, columns)];
}

/** Makes the vocabulary's table. `counted` limits the rows that count, as SQL. Gives its size, OOV included. */
export async function buildVocabulary(
  database: Database,
  vocabulary: Vocabulary,
  plan: RowPlan,
  counted: string,
): Promise<number> {
  const keys = Array.from({ length: vocabulary.keys }, (_, i) => `k${i}`);
  const occurrences = vocabulary.fields.map((field) => {
    const columns = keysOf(vocabulary, field, plan).map(
      (key, i) => `${isList(field.value) ? `unnest(${elementsSql(key)})` : key} AS k${i}`,
    );
    return `SELECT ${columns.join(', ')} FROM rows WHERE ${counted}`;
  });
  const [first] = vocabulary.fields;
  const value = vocabulary.fields.length === 1 && first ? textSql(first.value, keys) : 'k0';
  const list = keys.join(', ');
  await database.run(`CREATE TABLE ${vocabulary.table} AS
    SELECT *, CAST(row_number() OVER (ORDER BY count DESC, value NULLS FIRST) AS UINTEGER) AS id
    FROM (SELECT ${list}, ${value} AS value, count
      FROM (SELECT ${list}, count(*) AS count FROM (${occurrences.join(' UNION ALL ')})
        GROUP BY ${list} HAVING count(*) >= ${vocabulary.minCount}))`);
  const [row] = await database.query(`SELECT count(*) AS size FROM ${vocabulary.table}`);
  return Number(row?.size) + 1;
}
