// The table that everything after reading works on: one row per raw row, one column per simple value (the parts of
// crosses, once each) with its key, its split and its place in the stored order. The columns:
//   row, stored (order key), split (index in splitNames), label, fault (index of the first failed check), v0, v1, …
//   (keys, see keyOf), n0, n1, … (numeric inputs as they stand, DOUBLE), weight (FLOAT)

import type { TypedCells } from '../schema/cell-sql.js';
import { parseComparison } from '../schema/comparison.js';
import { canonicalJson } from '../schema/fingerprint.js';
import { type Field, rowColumns, type Schema, vocabularyOf } from '../schema/schema.js';
import {
  type Check,
  checksOf,
  identifier,
  keyOf,
  labelSql,
  numberCheck,
  numberReadings,
  numberSql,
  readingsOf,
  type Simple,
  weightCheck,
} from '../schema/sql.js';
import { crossParts, type Transformation } from '../schema/transformation.js';
import type { SplitRule, TimeSplit } from './datasets/dataset.js';
import type { SplitName } from './manifest.js';
import { hashSql, orderSql, splitSql } from './split.js';

/** A check with the SQL that shows the offending cell. */
export interface RowCheck {
  /** What the sentence calls the place, such as `column 'I3'`; empty for the line as a whole. */
  place: string;
  valid: string;
  expected: string;
  found: string;
  /** What is wrong, where that is not a cell found and another expected. */
  says?: string | undefined;
}

/** Rows to read: SQL of a relation with a column `row` (its number in all inputs) and the raw columns. */
export interface RawRows {
  relation: string;
  /** SQL of a raw column's cell as text (cellSql where the relation has types). */
  column: (name: string) => string;
  /** Those of its cells that have types; default: none. */
  typed?: TypedCells;
  /** What the file format demands, before what the schema demands. */
  checks: readonly RowCheck[];
  split?: SplitName | undefined;
}

export interface RowPlan {
  schema: Schema;
  seed: number;
  rule: SplitRule;
  timeSplit?: TimeSplit | undefined;
  /** The simple values, each once; the key of value i is column v<i>. */
  values: readonly Simple[];
  /** Which of them a transformation is made of: one, or one per part of a cross. */
  indexesOf(value: Transformation): number[];
}

export function planRows(
  schema: Schema,
  seed: number,
  rule: SplitRule,
  timeSplit: TimeSplit | undefined,
): RowPlan {
  const parts = encodedFields(schema).flatMap((field) => crossParts(field.value));
  const values = [...new Map(parts.map((part) => [canonicalJson(part), part])).values()];
  const known = new Map(values.map((value, i) => [canonicalJson(value), i]));
  return {
    schema,
    seed,
    rule,
    timeSplit: rule === 'time' ? timeSplit : undefined,
    values,
    indexesOf: (value) => crossParts(value).map((part) => known.get(canonicalJson(part)) ?? -1),
  };
}

/** Whether fields share the vocabulary of this one. */
export function sharesVocabulary({ fields }: Schema, field: Field): boolean {
  return fields.filter((other) => vocabularyOf(other) === vocabularyOf(field)).length > 1;
}

/** Everything that gets ids: the fields, and the group, whose numbers are ids of a vocabulary that is not kept. */
export function encodedFields({ fields, group }: Schema): Field[] {
  return group === undefined ? [...fields] : [...fields, groupField(group)];
}

/** The group as a field. */
export function groupField(column: string): Field {
  return { name: rowColumns.group, value: { kind: 'column', column } };
}

/** The columns of numbers that are copied as they are: in the row table, as SQL, their type, in the encoded split. */
export function plainColumns({ numbers = [], weight }: Schema) {
  const columns = numbers.map(({ name, column }, i) => ({
    stored: `n${i}`,
    sql: numberSql(column),
    type: 'DOUBLE',
    name,
  }));
  if (weight !== undefined) {
    columns.push({ stored: 'weight', sql: numberSql(weight), type: 'FLOAT', name: rowColumns.weight });
  }
  return columns;
}

/** SQL of the empty table. */
export function createRowsSql(plan: RowPlan): string {
  const values = plan.values.map((value, i) => `v${i} ${keyOf(value).type}`);
  for (const { stored, type } of plainColumns(plan.schema)) values.push(`${stored} ${type}`);
  return `CREATE TABLE rows (row BIGINT, stored UBIGINT, split UTINYINT, label UTINYINT, fault USMALLINT,
    ${values.join(', ')})`;
}

/** SQL that adds raw rows to the table. Bad rows come too, with `fault` set. */
export function insertRowsSql(plan: RowPlan, raw: RawRows): string {
  const label = parseComparison(plan.schema.label);
  const plain = plainColumns(plan.schema);
  const readings = new Map(
    [
      ...readingsOf(readValues(plan), label, raw.column, raw.typed),
      ...numberReadings(numberColumns(plan.schema), raw.column),
    ].map(({ name, sql }) => [name, sql]),
  );
  const faults = allChecks(plan, raw).map(({ valid }, i) => `WHEN NOT (${valid}) THEN ${i}`);
  const time = plan.timeSplit && { sql: splitTimeSql(plan.timeSplit), ...plan.timeSplit };
  const split = splitSql(plan.rule, { row: 'row', hash: 'hash', time, file: raw.split });
  return `INSERT INTO rows
    SELECT row, ${orderSql('hash')}, ${split}, ${labelSql(label)}, CASE ${faults.join(' ')} END,
      ${[...plan.values.map((value) => keyOf(value).sql), ...plain.map(({ sql }) => sql)].join(', ')}
    FROM (SELECT *, ${hashSql(plan.seed, 'row')} AS hash,
      ${[...readings].map(([name, sql]) => `${sql} AS ${name}`).join(', ')} FROM (${raw.relation}))`;
}

/** Every check in the order of `fault`, the file format's first. */
export function allChecks(plan: RowPlan, raw: RawRows): RowCheck[] {
  const { numbers = [], weight } = plan.schema;
  const checks: Check[] = [
    ...checksOf(readValues(plan), parseComparison(plan.schema.label), raw.typed),
    ...numbers.map(({ column }) => numberCheck(column)),
    ...(weight === undefined ? [] : [weightCheck(weight)]),
  ];
  if (plan.timeSplit) {
    const { column } = plan.timeSplit;
    const valid = `${splitTimeSql(plan.timeSplit)} IS NOT NULL`;
    checks.push({ column, valid, expected: 'a time, which the split needs' });
  }
  return [
    ...raw.checks,
    ...checks.map(({ column, valid, expected }) => ({
      place: `column '${column}'`,
      valid,
      expected,
      found: raw.column(column),
    })),
  ];
}

/** The reading of the time that the split compares. */
function splitTimeSql({ column, format = 'timestamp' }: TimeSplit): string {
  return identifier(`${format} of ${column}`);
}

function numberColumns({ numbers = [], weight }: Schema): string[] {
  return [...numbers.map(({ column }) => column), ...(weight === undefined ? [] : [weight])];
}

/** What must be read: the values, and the time that the split compares. */
function readValues(plan: RowPlan): Simple[] {
  if (!plan.timeSplit) return [...plan.values];
  const { column, format = 'timestamp' } = plan.timeSplit;
  const zone = format === 'unix-seconds' ? 'UTC' : 'as-written';
  return [...plan.values, { kind: 'time', column, format, zone, part: 'day' }];
}
