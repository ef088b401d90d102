// A vocabulary: which values of its fields get an id. Id 0 is OOV; from 1 by count, the most frequent first, equal
// counts by value (bytes of UTF-8, missing first). Missing is a value like any other. Kept are the values seen at
// least `minCount` times in the rows counted. Of a list each element counts, and an empty list as one missing value.
import { type Field, type Schema, vocabularyOf } from '../schema/schema.js';
import { literal } from '../schema/sql.js';
import { isList } from '../schema/transformation.js';
import type { Database } from './database.js';
import type { SizedVocabulary } from './encode.js';
import type { BaseVocabulary } from './extend.js';
import { groupField, keyColumns, type RowPlan, textSql } from './row-table.js';

export interface Vocabulary {
  name: string;
  /** Its values with an id that occur in the rows at hand: key columns k0, k1, …, then value, count, id. */
  table: string;
  /** All its other values: value, count, id, which is 0 for those too rare to have one. */
  restTable: string;
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
      restTable: `rest${i}`,
      fields,
      minCount: Math.min(...fields.map((field) => field.minCount ?? minCount)),
      keys: fieldKeys(fields, fields[0], plan).length,
    };
  });
}

/** Numbers for groups, over all rows: 0 is a row without one, the others count from 1. Built like a vocabulary. */
export function planGroups(column: string): Vocabulary {
  const field = groupField(column);
  return {
    name: field.name,
    table: 'groups',
    restTable: 'rest_of_groups',
    fields: [field],
    minCount: 1,
    keys: 1,
  };
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

/**
 * Makes the vocabulary's tables. `counted` limits the rows that count, as SQL. With `base`, a vocabulary to go on from,
 * its counts are added, its ids stay, and the values that reach the threshold only now come after them.
 */
export async function buildVocabulary(
  database: Database,
  vocabulary: Vocabulary,
  plan: RowPlan,
  counted: string,
  base: BaseVocabulary | null,
): Promise<SizedVocabulary> {
  const { table, restTable, minCount } = vocabulary;
  const keys = Array.from({ length: vocabulary.keys }, (_, i) => `k${i}`);
  const list = keys.join(', ');
  const occurrences = vocabulary.fields.map((field) => {
    const columns = keysOf(vocabulary, field, plan).map(
      (key, i) => `${isList(field.value) ? `unnest(${elementsSql(key)})` : key} AS k${i}`,
    );
    // A value that does not count now may still have an id in `base`, and be looked up.
    return `SELECT ${columns.join(', ')}, ${counted} AS counted FROM rows ${base ? '' : `WHERE ${counted}`}`;
  });
  const [first] = vocabulary.fields;
  const value = vocabulary.fields.length === 1 && first ? textSql(first.value, keys) : 'k0';
  const seen = `SELECT ${list}, ${value} AS value, count
    FROM (SELECT ${list}, count(*) FILTER (counted) AS count FROM (${occurrences.join(' UNION ALL ')}) GROUP BY ${list})`;
  await database.run(
    base
      ? `CREATE TABLE counts AS SELECT ${list}, coalesce(seen.value, base.value) AS value,
           coalesce(seen.count, 0) + coalesce(base.count, 0) AS count, coalesce(base.id, 0) AS old,
           seen.count IS NOT NULL AS present
         FROM (${seen}) AS seen FULL JOIN read_parquet(${literal(base.path)}) AS base
           ON seen.value IS NOT DISTINCT FROM base.value`
      : `CREATE TABLE counts AS SELECT *, 0 AS old, true AS present FROM (${seen})`,
  );
  // Old ids stay; new ones go on behind them, by count, ties by value.
  const after = (base?.size ?? 1) - 1;
  const ids = `SELECT *, CAST(old AS UINTEGER) AS id FROM counts WHERE old > 0
    UNION ALL SELECT *, CAST(${after} + row_number() OVER (ORDER BY count DESC, value NULLS FIRST) AS UINTEGER) AS id
    FROM counts WHERE old = 0 AND count >= ${minCount}`;
  await database.run(`CREATE TABLE ${table} AS SELECT ${list}, value, count, id FROM (${ids}) WHERE present`);
  await database.run(`CREATE TABLE ${restTable} AS
    SELECT value, count, CAST(old AS UINTEGER) AS id FROM counts WHERE old > 0 AND NOT present
    UNION ALL SELECT value, count, CAST(0 AS UINTEGER) FROM counts WHERE old = 0 AND count < ${minCount} AND count > 0`);
  await database.run('DROP TABLE counts');
  const [row] =
    await database.query(`SELECT (SELECT count(*) FROM ${table}) + count(*) FILTER (id > 0) AS ids,
    count(*) FILTER (id = 0) AS rare FROM ${restTable}`);
  return { vocabulary, size: Number(row?.ids) + 1, rare: Number(row?.rare) };
}
