// The SQL executor: each transformation as SQL, in two layers. A *reading* is a column read as text, number or
// time, once; a *value* is an expression over readings. Beside them stand the checks that say whether a row can
// be read at all. It states meaning only: who runs the SQL is not its business, and nothing in it raises an error
// on a bad row (a reading that fails is NULL, and the check says so).
// Kept to what DuckDB and Spark SQL both run, except: dayofweek (Spark counts from 1), regexp_full_match
// (Spark: rlike with anchors), unix seconds (Spark: timestamp_seconds), list_extract
// (Spark: element_at) and the list functions of split.
import { bucketThresholds, largestNumber } from './bucket.js';
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

type Rules = { [K in Simple['kind']]: (t: Extract<Simple, { kind: K }>) => string };

const rules: Rules = {
  column: (t) => textOf(t.column),
  trim: (t) => mapText(t.of, (x) => `trim(${x}, ' ' || chr(9) || chr(10) || chr(13))`),
  lower: (t) =>
    mapText(t.of, (x) => `translate(${x}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`),
  time: (t) => partSql[t.part](timeOf(t.column, t.format)),
  bucket: (t) => bucketSql(numberOf(t.column), t.small),
  split: (t) => dropEmpty(`string_split(${valueSql(t.of)}, ${literal(t.separator)})`),
};

/** SQL of a value over readings: VARCHAR (for a split, a list of it), NULL if missing. */
export function valueSql(t: Simple): string {
  // TypeScript cannot see that the rule found by `kind` takes this very kind.
  return (rules[t.kind] as (t: Simple) => string)(t);
}

/** SQL of the text of a cross over its parts' values: joined by |, with \ and | escaped in each, so that two
 * different tuples never become one text. A missing part is written as nothing. */
export function crossSql(parts: readonly string[]): string {
  return parts
    .map((part) => `replace(replace(coalesce(${part}, ''), '\\', '\\\\'), '|', '\\|')`)
    .join(` || '|' || `);
}

/** The readings that the values, checks and label need, each once. `cell` gives the SQL of a raw column's cell as
 * text (cellSql); numbers and times are read from that text. */
export function readingsOf(
  values: readonly Simple[],
  label: Comparison | null,
  cell: (name: string) => string,
): Reading[] {
  const readings = new Map<string, string>();
  const addText = (name: string) => readings.set(textOf(name), textReading(cell(name)));
  const addNumber = (name: string) => readings.set(numberOf(name), `try_cast(${cell(name)} AS DOUBLE)`);
  for (const t of values) {
    const source = innermost(t);
    addText(source.column);
    if (source.kind === 'bucket') addNumber(source.column);
    if (source.kind === 'time') {
      readings.set(timeOf(source.column, source.format), timestampSql[source.format](cell(source.column)));
    }
  }
  if (label) addText(label.column);
  if (label && typeof label.value === 'number') addNumber(label.column);
  return [...readings].map(([name, sql]) => ({ name, sql }));
}

/** SQL of a cell as text, as transformation.ts has it. `type` is the column's, in the words of DuckDB's DESCRIBE. */
export function cellSql(column: string, type: string): string {
  if (/^(DOUBLE|FLOAT)$|^DECIMAL\(\d+,[1-9]/.test(type)) return doubleTextSql(`CAST(${column} AS DOUBLE)`);
  // Other precisions, and points in time: the clock of UTC.
  if (/^TIMESTAMP(_|\b)/.test(type)) return `CAST(CAST(${column} AS TIMESTAMP) AS VARCHAR)`;
  return `CAST(${column} AS VARCHAR)`;
}

/** DuckDB's own text of a DOUBLE, whole numbers excepted. */
function doubleTextSql(x: string): string {
  const isWhole = `${x} = trunc(${x}) AND abs(${x}) < ${double(2 ** 63)}`;
  return `CASE WHEN ${isWhole} THEN CAST(CAST(${x} AS BIGINT) AS VARCHAR) ELSE CAST(${x} AS VARCHAR) END`;
}

/** What a row must fulfil for these values and this label to be readable, each check once, the label's first. */
export function checksOf(values: readonly Simple[], label: Comparison | null): Check[] {
  const checks = new Map<string, Check>();
  if (label) checks.set('label', labelCheck(label));
  for (const t of values) {
    if (t.kind === 'time') checks.set(timeOf(t.column, t.format), timeCheck(t.column, t.format));
    if (t.kind === 'bucket') {
      const valid = `(${textOf(t.column)} IS NULL OR ${isNumber(t.column)})`;
      checks.set(numberOf(t.column), { column: t.column, valid, expected: 'a number or nothing' });
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
function mapText(of: Simple, change: (x: string) => string): string {
  const value = valueSql(of);
  return isList(of)
    ? dropEmpty(`list_transform(${value}, lambda x: ${change('x')})`)
    : `nullif(${change(value)}, '')`;
}

function dropEmpty(list: string): string {
  return `nullif(list_filter(${list}, lambda x: x <> ''), [])`;
}

function labelCheck({ column, value }: Comparison): Check {
  if (typeof value === 'number') return { column, valid: isNumber(column), expected: 'a number' };
  return { column, valid: `${textOf(column)} IS NOT NULL`, expected: 'a text' };
}

function isNumber(column: string, number = numberOf(column)): string {
  const grammar = `regexp_full_match(${textOf(column)}, '${numberGrammar}')`;
  return `coalesce(${grammar} AND abs(${number}) <= ${double(largestNumber)}, false)`;
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

function timeCheck(column: string, format: TimeFormat): Check {
  const text = textOf(column);
  const readable = `regexp_full_match(${text}, '${timeGrammar[format]}') AND ${timeOf(column, format)} IS NOT NULL`;
  const valid = `(${text} IS NULL OR coalesce(${readable}, false))`;
  return { column, valid, expected: `${timeFormats[format]}, or nothing` };
}

const partSql: Record<TimePart, (time: string) => string> = {
  hour: (time) => `CAST(hour(${time}) AS VARCHAR)`,
  weekday: (time) => `CAST(dayofweek(${time}) AS VARCHAR)`,
  is_weekend: (time) =>
    `CASE WHEN dayofweek(${time}) IN (0, 6) THEN '1' WHEN ${time} IS NOT NULL THEN '0' END`,
  month: (time) => `CAST(month(${time}) AS VARCHAR)`,
  day: (time) => `CAST(CAST(${time} AS DATE) AS VARCHAR)`,
  hhmm: (time) => `lpad(CAST(hour(${time}) * 100 + minute(${time}) AS VARCHAR), 4, '0')`,
};

const startsSql = `[${bucketThresholds.map(double).join(', ')}]`;

/** The logarithm only guesses the bucket, and may be off by one; comparing with the thresholds decides. (A tree of
 * comparisons alone does as well, but a plan with thirteen of them takes seconds to make.) */
function bucketSql(x: string, small: 'integer' | 'one'): string {
  const guess = `CAST(least(floor(ln(greatest(${x}, 2e0)) * ln(greatest(${x}, 2e0))), ${bucketThresholds.length}) AS INTEGER)`;
  // Lists count from 1, so element k is where bucket k starts; outside the list it is NULL, and no condition holds.
  const start = (k: string) => `list_extract(${startsSql}, ${k})`;
  const bucket = `${guess} + CASE WHEN ${x} < ${start(guess)} THEN -1 WHEN ${x} >= ${start(`${guess} + 1`)} THEN 1 ELSE 0 END`;
  const integerPart = `try_cast(CASE WHEN ${x} < 0 THEN ceil(${x}) ELSE floor(${x}) END AS BIGINT)`;
  const otherwise = small === 'one' ? '1' : integerPart;
  return `CAST(CASE WHEN ${x} <= 2 THEN ${otherwise} WHEN ${x} > 2 THEN ${bucket} END AS VARCHAR)`;
}
