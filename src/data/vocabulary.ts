// A vocabulary: which values of its fields get an id. Id 0 is OOV; from 1 by count, the most frequent first, equal
// counts by value (bytes of UTF-8, missing first). Missing is a value like any other. Kept are the values seen at
// least `minCount` times in the rows counted. Of a list each element counts, and an empty list as one missing value.
import { type Field, vocabularyOf } from '../schema/schema.js';
import { literal } from '../schema/sql.js';
import { isList } from '../schema/transformation.js';
import type { Codes } from './codes.js';
import type { Database } from './database.js';
import type { BaseVocabulary } from './extend.js';
import { type FieldKeys, fieldKeys } from './field-keys.js';
import { groupField, type RowPlan } from './row-table.js';

export interface Vocabulary {
  name: string;
  /** Its values in the order of their ids: key columns k0, k1, …, then value and count. */
  table: string;
  fields: readonly Field[];
  /** How each field is looked up. */
  keys: readonly FieldKeys[];
  minCount: number;
}

export interface SizedVocabulary {
  vocabulary: Vocabulary;
  /** Ids, OOV included. */
  size: number;
  /** Values that are too rare to have an id. */
  rare: number;
  /** SQL: the key columns and id of the values that occur in the rows at hand. Where a value is absent, its id is 0. */
  lookup: string;
  /** SQL: value, count and id (0 for those too rare to have one) of all values, by id, then by count and value. */
  contents: string;
}

/** The vocabularies of a schema, in the order of their first field. */
export function planVocabularies(plan: RowPlan, codes: Codes, minCount: number): Vocabulary[] {
  const { schema } = plan;
  const names = [...new Set(schema.fields.map(vocabularyOf))];
  return names.map((name, i) => {
    const fields = schema.fields.filter((field) => vocabularyOf(field) === name);
    return {
      name,
      table: `vocabulary${i}`,
      fields,
      keys: fields.map((field) => fieldKeys(plan, field, codes)),
      minCount: Math.min(...fields.map((field) => field.minCount ?? minCount)),
    };
  });
}

/** Numbers for groups, over all rows: 0 is a row without one, the others count from 1. Built like a vocabulary. */
export function planGroups(plan: RowPlan, column: string): Vocabulary {
  const field = groupField(column);
  // Never by codes, in which a missing value is one like any other.
  const keys = [fieldKeys(plan, field, new Map())];
  return { name: field.name, table: 'groups', fields: [field], keys, minCount: 1 };
}

/** SQL of a list's elements over the row table's column: never empty, since no value is a missing one. */
export function elementsSql(column: string): string {
  return `coalesce(${column}, [CAST(NULL AS VARCHAR)])`;
}

/** The smallest of these vocabularies in whose tuples all values of another one stand, with how often they were counted. */
export function findSource(
  { keys: [{ columns }] }: Vocabulary,
  built: readonly SizedVocabulary[],
): SizedVocabulary | null {
  const holds = ({ vocabulary }: SizedVocabulary) =>
    [...columns.keys()].every((column) => vocabulary.keys[0].columns.has(column));
  const sources = columns.size > 0 ? built.filter(holds) : [];
  return sources.sort((a, b) => a.size + a.rare - b.size - b.rare)[0] ?? null;
}

/**
 * Makes the vocabulary's table, counting over the rows, or over the tuples of `source`, of which there are fewer. `counted` limits the rows that count, as SQL. With `base`, a vocabulary to go on from,
 * its counts are added, its ids stay, and the values that reach the threshold only now come after them.
 */
export async function buildVocabulary(
  database: Database,
  { fields, keys, table, minCount, ...vocabulary }: Vocabulary,
  counted: string,
  base: BaseVocabulary | null,
  source: SizedVocabulary | null = null,
): Promise<SizedVocabulary> {
  const [{ value, joins, order }] = keys;
  const names = keys[0].keys.map((_, k) => `k${k}`);
  const list = names.join(', ');
  // A value that does not count now may still be looked up: it has an id in `base`, or its key must be found.
  const countsAll = base !== null || keys.some(({ neverNull }) => neverNull);
  const occurrences = fields.map((field, i) => {
    const columns = keys[i].keys.map(
      (key, k) => `${isList(field.value) ? `unnest(${elementsSql(key)})` : key} AS k${k}`,
    );
    if (source) return `SELECT ${columns.join(', ')}, count FROM (${tuplesSql(source)})`;
    return `SELECT ${columns.join(', ')}, ${counted} AS counted FROM rows ${countsAll ? '' : `WHERE ${counted}`}`;
  });
  const count = source ? 'CAST(sum(count) AS BIGINT)' : 'count(*) FILTER (counted)';
  const seen = `SELECT ${list}, ${value} AS value, count
    FROM (SELECT ${list}, ${count} AS count FROM (${occurrences.join(' UNION ALL ')}) GROUP BY ${list}) ${joins}`;
  // Old ids stay; new ones go on behind them, by count, ties by value. The place in the table is then the id.
  const hasId = base ? `(old > 0 OR count >= ${minCount})` : `count >= ${minCount}`;
  await database.run(
    base
      ? `CREATE TABLE ${table} AS SELECT * FROM (SELECT ${list}, coalesce(seen.value, base.value) AS value,
           coalesce(seen.count, 0) + coalesce(base.count, 0) AS count, coalesce(base.id, 0) AS old,
           seen.count IS NOT NULL AS present
         FROM (${seen}) AS seen FULL JOIN read_parquet(${literal(base.path)}) AS base
           ON seen.value IS NOT DISTINCT FROM base.value)
         ORDER BY old = 0, old, ${hasId} DESC, count DESC, value NULLS FIRST`
      : `CREATE TABLE ${table} AS ${seen} ORDER BY count DESC, ${order}`,
  );
  const id = `CAST(CASE WHEN ${hasId} THEN rowid + 1 ELSE 0 END AS UINTEGER) AS id`;
  const contents = `SELECT value, count, ${id} FROM ${table} WHERE count > 0`;
  const [found] = await database.query(
    `SELECT count(*) FILTER (id > 0) AS ids, count(*) FILTER (id = 0) AS rare FROM (${contents})`,
  );
  return {
    vocabulary: { fields, keys, table, minCount, ...vocabulary },
    size: Number(found?.ids) + 1,
    rare: Number(found?.rare),
    lookup: `SELECT ${list}, ${id} FROM ${table} ${base ? 'WHERE present' : ''}`,
    contents,
  };
}

/** The distinct tuples of a vocabulary as columns of the row table, each with its count. */
function tuplesSql({ vocabulary: { keys, table } }: SizedVocabulary): string {
  const columns = [...keys[0].columns].map(([column, sql]) => `${sql} AS ${column}`);
  return `SELECT ${columns.join(', ')}, count FROM ${table}`;
}
