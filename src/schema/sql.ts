// The SQL executor: each transformation as SQL, in two layers. A *reading* is a column read as text, number or
// time, once; a *value* is an expression over readings. Beside them stand the checks that say whether a row can
// be read at all. It states meaning only: who runs the SQL is not its business, and nothing in it raises an error
// on a bad row (a reading that fails is NULL, and the check says so). A value comes as its *key*, a small type that tells
// values apart (rows are counted and joined by it), and becomes text where somebody is to read it.
// Kept to what DuckDB and Spark SQL both run, except: dayofweek (Spark counts from 1), regexp_full_match
// (Spark: rlike with anchors), unix seconds (Spark: timestamp_seconds), list_extract
// (Spark: element_at) and the list functions of split.
import { bucketThresholds, largestNumber } from './bucket.js';
import { noTypes, type TypedCells } from './cell-sql.js';
import type { Comparison } from './comparison.js';
import { numberGrammar, timeGrammar } from './grammar.js';
import {
  isList,
  type TimeFormat,
  type TimePart,
  type Transformation,
  timeFormats,
} from './transformation.js';

/** A named expression over the cells of raw columns. */
export interface Reading {
  name: string;
  sql: string;
}

/** A condition over readings that a good row fulfils; `expected` says in words what the column must hold. */
export interface Check {
  column: string;
  valid: string;
  expected: string;
}

/** A transformation that is no cross: the parts of a cross are stored one by one, see crossSql. */
export type Simple = Exclude<Transformation, { kind: 'cross' }>;

/** What stands for a value in a row: SQL over readings, NULL if missing. Two rows have the same key exactly when they
 * have the same value. */
export interface Key {
  sql: string;
  /** VARCHAR, or a list of it, where the key is the value itself. */
  type: 'VARCHAR' | 'VARCHAR[]' | 'UTINYINT' | 'USMALLINT' | 'BIGINT' | 'DATE';
}

type Rules = { [K in Simple['kind']]: (t: Extract<Simple, { kind: K }>) => Key };

const rules: Rules = {
  column: (t) => ({ sql: textOf(t.column), type: 'VARCHAR' }),
  trim: (t) => mapText(t.of, (x) => `trim(${x}, ' ' || chr(9) || chr(10) || chr(13))`),
  lower: (t) =>
    mapText(t.of, (x) => `translate(${x}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`),
  time: (t) => {
    const { sql, type } = partKeys[t.part];
    return { sql: `CAST(${sql(timeOf(t.column, t.format))} AS ${type})`, type };
  },
  bucket: (t) => ({ sql: bucketSql(numberOf(t.column), t.small), type: 'BIGINT' }),
  split: (t) => ({
    sql: dropEmpty(`string_split(${valueSql(t.of)}, ${literal(t.separator)})`),
    type: 'VARCHAR[]',
  }),
};

/** The key of a value. */
export function keyOf(t: Simple): Key {
  // TypeScript cannot see that the rule found by `kind` takes this very kind.
  return (rules[t.kind] as (t: Simple) => Key)(t);
}

/** SQL of a value as text, over the SQL of its key: VARCHAR (for a split, a list of it), NULL if missing. */
export function keyTextSql(t: Simple, key: string): string {
  if (t.kind === 'time' && t.part === 'hhmm') return `lpad(CAST(${key} AS VARCHAR), 4, '0')`;
  return keyOf(t).type.startsWith('VARCHAR') ? key : `CAST(${key} AS VARCHAR)`;
}

/** SQL of a value over readings: VARCHAR (for a split, a list of it), NULL if missing. */
export function valueSql(t: Simple): string {
  return keyTextSql(t, keyOf(t).sql);
}

/** SQL of the text of a cross over its parts' values: joined by |, with \ and | escaped in each, so that two
 * different tuples never become one text. A missing part is written as nothing. */
export function crossSql(parts: readonly string[]): string {
  return parts.map(escapedSql).join(` || '|' || `);
}

/** SQL of a part as it stands in the text of a cross. */
export function escapedSql(part: string): string {
  return `replace(replace(coalesce(${part}, ''), '\\', '\\\\'), '|', '\\|')`;
}

/** The readings that the values, checks and label need, each once. `cell` gives the SQL of a raw column's cell as
 * text (cellSql); numbers and times are read from that text, or from a cell that is one (`typed`). */
export function readingsOf(
  values: readonly Simple[],
  label: Comparison | null,
  cell: (name: string) => string,
  typed: TypedCells = noTypes,
): Reading[] {
  const readings = new Map<string, string>();
  const addText = (name: string) => readings.set(textOf(name), textReading(cell(name)));
  const addNumber = (name: string) => {
    const known = typed(name);
    const number = known?.holds === 'integer' ? `CAST(${known.sql} AS DOUBLE)` : undefined;
    readings.set(numberOf(name), number ?? `try_cast(${cell(name)} AS DOUBLE)`);
  };
  for (const t of values) {
    const source = innermost(t);
    addText(source.column);
    if (source.kind === 'bucket') addNumber(source.column);
    if (source.kind === 'time') {
      const { column, format } = source;
      readings.set(timeOf(column, format), typedTime(source, typed) ?? timestampSql[format](cell(column)));
    }
  }
  if (label) addText(label.column);
  if (label && typeof label.value === 'number') addNumber(label.column);
  return [...readings].map(([name, sql]) => ({ name, sql }));
}

/** What a row must fulfil for these values and this label to be readable, each check once, the label's first. */
export function checksOf(
  values: readonly Simple[],
  label: Comparison | null,
  typed: TypedCells = noTypes,
): Check[] {
  const checks = new Map<string, Check>();
  if (label) checks.set('label', labelCheck(label, typed));
  for (const t of values) {
    if (t.kind === 'time') checks.set(timeOf(t.column, t.format), timeCheck(t, typed));
    if (t.kind === 'bucket') {
      const { column } = t;
      const valid =
        typed(column)?.holds === 'integer'
          ? `coalesce(${inRange(numberOf(column))}, true)`
          : `(${textOf(column)} IS NULL OR ${isNumber(column)})`;
      checks.set(numberOf(column), { column, valid, expected: 'a number or nothing' });
    }
  }
  return [...checks.values()];
}

/** The readings that these columns need when their texts are read as numbers by `numberSql`. */
export function numberReadings(columns: readonly string[], column: (name: string) => string): Reading[] {
  return columns.map((name) => ({ name: textOf(name), sql: textReading(column(name)) }));
}

/** A column's text as DOUBLE, NULL if missing: the number its digits say, whatever the type of the column. */
export function numberSql(column: string): string {
  return `try_cast(${textOf(column)} AS DOUBLE)`;
}

/** A number or nothing. */
export function numberCheck(column: string): Check {
  const valid = `(${textOf(column)} IS NULL OR ${isNumber(column, numberSql(column))})`;
  return { column, valid, expected: 'a number or nothing' };
}

/** The weight of a row: what it is in fp32 may neither vanish nor be infinite. */
export function weightCheck(column: string): Check {
  const weight = numberSql(column);
  const inRange = `coalesce(${weight} BETWEEN 1e-15 AND 1e15, false)`;
  const valid = `${isNumber(column, weight)} AND ${inRange}`;
  return { column, valid, expected: 'a weight: a positive number (1e-15 to 1e15)' };
}

/** The label as SQL over readings: 1 or 0. */
export function labelSql({ column, operator, value }: Comparison): string {
  const compared =
    typeof value === 'number'
      ? `${numberOf(column)} ${operator} ${double(value)}`
      : `${textOf(column)} ${operator} ${literal(value)}`;
  return `CASE WHEN ${compared} THEN 1 ELSE 0 END`;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function textReading(column: string): string {
  return `nullif(CAST(${column} AS VARCHAR), '')`;
}

/** The reading of a column as text, NULL if missing. */
export function textOf(column: string): string {
  return identifier(`text of ${column}`);
}

function numberOf(column: string): string {
  return identifier(`number of ${column}`);
}

function timeOf(column: string, format: TimeFormat): string {
  return identifier(`${format} of ${column}`);
}

function innermost(t: Simple): Extract<Simple, { column: string }> {
  return 'column' in t ? t : innermost(t.of);
}

/** Every digit of a float64, written so that SQL reads a DOUBLE and not a decimal. */
function double(x: number): string {
  const digits = String(x);
  return digits.includes('e') ? digits : `${digits}e0`;
}

/** A text that becomes empty is missing; a list is changed element by element. */
function mapText(of: Simple, change: (x: string) => string): Key {
  const value = valueSql(of);
  if (!isList(of)) return { sql: `nullif(${change(value)}, '')`, type: 'VARCHAR' };
  return { sql: dropEmpty(`list_transform(${value}, lambda x: ${change('x')})`), type: 'VARCHAR[]' };
}

function dropEmpty(list: string): string {
  return `nullif(list_filter(${list}, lambda x: x <> ''), [])`;
}

function labelCheck({ column, value }: Comparison, typed: TypedCells): Check {
  if (typeof value !== 'number') {
    return { column, valid: `${textOf(column)} IS NOT NULL`, expected: 'a text' };
  }
  const isInteger = typed(column)?.holds === 'integer';
  const valid = isInteger ? `coalesce(${inRange(numberOf(column))}, false)` : isNumber(column);
  return { column, valid, expected: 'a number' };
}

function isNumber(column: string, number = numberOf(column)): string {
  const grammar = `regexp_full_match(${textOf(column)}, '${numberGrammar}')`;
  return `coalesce(${grammar} AND ${inRange(number)}, false)`;
}

function inRange(number: string): string {
  return `abs(${number}) <= ${double(largestNumber)}`;
}

type Time = Extract<Simple, { kind: 'time' }>;

/** The time that a cell already is, where the schema takes it for one. */
function typedTime({ column, format }: Time, typed: TypedCells): string | undefined {
  const known = format === 'timestamp' ? typed(column) : undefined;
  return known?.holds === 'timestamp' ? known.sql : undefined;
}

const timestampSql: Record<TimeFormat, (cell: string) => string> = {
  timestamp: (x) => `try_cast(${x} AS TIMESTAMP)`,
  YYMMDDHH: (x) => {
    const digits = (from: number) => `substr(${x}, ${from}, 2)`;
    const text = `'20' || ${digits(1)} || '-' || ${digits(3)} || '-' || ${digits(5)} || ' ' || ${digits(7)} || ':00:00'`;
    return `try_cast(${text} AS TIMESTAMP)`;
  },
  // Whatever else BIGINT can hold may be beyond what a timestamp can, and would end the query.
  'unix-seconds': (x) =>
    `CASE WHEN regexp_full_match(${x}, '${timeGrammar['unix-seconds']}') THEN make_timestamp(CAST(${x} AS BIGINT) * 1000000) END`,
};

function timeCheck(t: Time, typed: TypedCells): Check {
  const { column, format } = t;
  const [text, time] = [textOf(column), timeOf(column, format)];
  const readable = `regexp_full_match(${text}, '${timeGrammar[format]}') AND ${time} IS NOT NULL`;
  // The years that the grammar of texts allows.
  const valid = typedTime(t, typed)
    ? `coalesce(${time} BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999', true)`
    : `(${text} IS NULL OR coalesce(${readable}, false))`;
  return { column, valid, expected: `${timeFormats[format]}, or nothing` };
}

const partKeys: Record<TimePart, { type: Key['type']; sql: (time: string) => string }> = {
  hour: { type: 'UTINYINT', sql: (time) => `hour(${time})` },
  weekday: { type: 'UTINYINT', sql: (time) => `dayofweek(${time})` },
  is_weekend: { type: 'UTINYINT', sql: (time) => `dayofweek(${time}) IN (0, 6)` },
  month: { type: 'UTINYINT', sql: (time) => `month(${time})` },
  day: { type: 'DATE', sql: (time) => time },
  hhmm: { type: 'USMALLINT', sql: (time) => `hour(${time}) * 100 + minute(${time})` },
};

const startsSql = `[${bucketThresholds.map(double).join(', ')}]`;

/** The logarithm only guesses the bucket: far from a whole number it cannot be wrong, and elsewhere it may be off by one,
 * so comparing with the thresholds decides. (A tree of comparisons alone does as well, but a plan with thirteen of them
 * takes seconds to make.) */
function bucketSql(x: string, small: 'integer' | 'one'): string {
  const square = `ln(greatest(${x}, 2e0)) * ln(greatest(${x}, 2e0))`;
  const guess = `CAST(least(floor(${square}), ${bucketThresholds.length}) AS INTEGER)`;
  // Lists count from 1, so element k is where bucket k starts; outside the list it is NULL, and no condition holds.
  const start = (k: string) => `list_extract(${startsSql}, ${k})`;
  // Below 1,350, where a logarithm's last bits are less than 1e-9.
  const isSure = `abs(${square} - round(${square})) > 1e-9`;
  const compared = `${guess} + CASE WHEN ${x} < ${start(guess)} THEN -1 WHEN ${x} >= ${start(`${guess} + 1`)} THEN 1 ELSE 0 END`;
  const bucket = `CASE WHEN ${isSure} THEN ${guess} ELSE ${compared} END`;
  const integerPart = `try_cast(CASE WHEN ${x} < 0 THEN ceil(${x}) ELSE floor(${x}) END AS BIGINT)`;
  const otherwise = small === 'one' ? '1' : integerPart;
  return `CAST(CASE WHEN ${x} <= 2 THEN ${otherwise} WHEN ${x} > 2 THEN ${bucket} END AS BIGINT)`;
}
