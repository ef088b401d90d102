// The SQL executor on tricky values. It lies in data/ because only data/ may run DuckDB; schema/ states the SQL.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { scratchDatabase } from '../../test/scratch-database.js';
import { bucketThresholds, largestNumber } from '../schema/bucket.js';
import { cellSql, typedCell } from '../schema/cell-sql.js';
import { parseComparison } from '../schema/comparison.js';
import {
  checksOf,
  crossSql,
  identifier,
  labelSql,
  literal,
  readingsOf,
  type Simple,
  valueSql,
} from '../schema/sql.js';
import type { Database } from './database.js';

let database: Database;
beforeAll(async () => {
  const scratch = await scratchDatabase();
  database = scratch.database;
  return scratch.close;
});

const text = (t: string | null) => (t === null ? 'CAST(NULL AS VARCHAR)' : literal(t));
const label = parseComparison('x > 15');

/** Values of a transformation for the column `x` holding each of `cells`, and whether the checks pass. */
async function execute(t: Simple, cells: (string | null)[], type = 'VARCHAR') {
  const cellOf = (name: string) => cellSql(identifier(name), type);
  const typed = (name: string) => typedCell(identifier(name), type);
  const readings = readingsOf([t], label, cellOf, typed).map(({ name, sql }) => `${sql} AS ${name}`);
  const [, check] = checksOf([t], label, typed);
  const rows = cells.map((cell, i) => `(${i}, CAST(${text(cell)} AS ${type}))`).join(', ');
  return database.query(
    `SELECT CAST(${valueSql(t)} AS VARCHAR) AS value, ${check?.valid ?? 'true'} AS valid, ${labelSql(label)} AS label
     FROM (SELECT i, ${readings.join(', ')} FROM (VALUES ${rows}) AS raw(i, x)) ORDER BY i`,
  );
}
const valuesOf = async (t: Simple, cells: (string | null)[], type?: string) =>
  (await execute(t, cells, type)).map(({ value }) => value);

const column: Simple = { kind: 'column', column: 'x' };
const bucket: Simple = { kind: 'bucket', column: 'x', small: 'integer' };

test('missing is NULL or empty, and nothing else', async () => {
  expect(await valuesOf(column, [null, '', ' ', '0', 'NULL', "o'x"])).toEqual([
    null,
    null,
    ' ',
    '0',
    'NULL',
    "o'x",
  ]);
});

test('trim and lower act on ASCII alone', async () => {
  const nbsp = '\u00a0';
  expect(
    await valuesOf({ kind: 'trim', of: column }, [' \t\r\n a b \n', nbsp, '  ', `${nbsp}a `, null]),
  ).toEqual(['a b', nbsp, null, `${nbsp}a`, null]);
  expect(await valuesOf({ kind: 'lower', of: column }, ['AZaz', 'ÄÉİΣ', '', null])).toEqual([
    'azaz',
    'ÄÉİΣ',
    null,
    null,
  ]);
});

test('a list drops empty elements, and an empty list is missing', async () => {
  const split: Simple = { kind: 'split', of: column, separator: '|' };
  expect(await valuesOf(split, ['a|b', '|a||', '||', '', null])).toEqual(['[a, b]', '[a]', null, null, null]);
  expect(await valuesOf({ kind: 'lower', of: { kind: 'trim', of: split } }, [' A | |B'])).toEqual(['[a, b]']);
});

test('time parts of a timestamp, typed or as text, and of YYMMDDHH', async () => {
  const parts = async (format: 'timestamp' | 'YYMMDDHH', cell: string | null, type?: string) =>
    Promise.all(
      (['hour', 'weekday', 'is_weekend', 'month', 'day', 'hhmm'] as const).map(async (part) => {
        const t: Simple = { kind: 'time', column: 'x', format, zone: 'as-written', part };
        return (await valuesOf(t, [cell], type))[0];
      }),
    );
  // 2001-01-07 and 2014-10-26 were Sundays, 2014-10-21 a Tuesday.
  expect(await parts('timestamp', '2001-01-07 00:05:59', 'TIMESTAMP')).toEqual([
    '0',
    '0',
    '1',
    '1',
    '2001-01-07',
    '0005',
  ]);
  expect(await parts('timestamp', '2001-01-06T23:59')).toEqual(['23', '6', '1', '1', '2001-01-06', '2359']);
  expect(await parts('YYMMDDHH', '14102109')).toEqual(['9', '2', '0', '10', '2014-10-21', '0900']);
  expect(await parts('timestamp', null)).toEqual([null, null, null, null, null, null]);
  const unix: Simple = { kind: 'time', column: 'x', format: 'unix-seconds', zone: 'UTC', part: 'hhmm' };
  expect(await valuesOf(unix, ['0', '86399'])).toEqual(['0000', '2359']);
});

test('what is no time fails the check', async () => {
  const valid = async (format: 'timestamp' | 'YYMMDDHH', cells: (string | null)[]) => {
    const t: Simple = { kind: 'time', column: 'x', format, zone: 'as-written', part: 'hour' };
    return (await execute(t, cells)).map(({ valid }) => valid);
  };
  const wrong = [
    '2001-02-30 00:00',
    '2001-01-01',
    '2001-01-01 24:00',
    '2001-01-01 00:00+02',
    '0000-01-01 00:00',
    'x',
  ];
  expect(await valid('timestamp', [...wrong, '2001-01-01 00:00', '', null])).toEqual([
    ...wrong.map(() => false),
    true,
    true,
    true,
  ]);
  expect(await valid('YYMMDDHH', ['14103199', '14103124', '1410310', '14133100', '14103123'])).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
});

test('the bucket is the logarithm squared above 2, and the integer part below', async () => {
  // python3: [math.floor(math.log(x) ** 2) for x in (3, 7, 8, 100, 65535, 23159456)] == [1, 3, 4, 21, 122, 287]
  const cells = [
    '3',
    '7',
    '8',
    '100',
    '65535',
    '23159456',
    '2',
    '1',
    '0',
    '-1',
    '-3',
    '1.9',
    '-1.9',
    '2.5',
    '',
    null,
  ];
  const expected = ['1', '3', '4', '21', '122', '287', '2', '1', '0', '-1', '-3', '1', '-1', '0', null, null];
  expect(await valuesOf(bucket, cells)).toEqual(expected);
  expect(await valuesOf(bucket, ['3', '-3'], 'BIGINT')).toEqual(['1', '-3']);
  expect(await valuesOf({ ...bucket, small: 'one' }, ['3', '2', '-7', ''])).toEqual(['1', '1', '1', null]);
});

test('every threshold opens its bucket, and the number before it does not', async () => {
  const last = bucketThresholds.length;
  const cells = [1, 2, 3, 100, last - 1, last]
    .map((k) => Number(bucketThresholds[k - 1]))
    .filter((x) => x > 2);
  const below = (x: number) => x * (1 - 2 ** -53);
  expect(await valuesOf(bucket, cells.map(String))).toEqual([
    '1',
    '2',
    '3',
    '100',
    String(last - 1),
    String(last),
  ]);
  expect(
    await valuesOf(
      bucket,
      cells.map((x) => String(below(x))),
    ),
  ).toEqual(['0', '1', '2', '99', String(last - 2), String(last - 1)]);
  expect(bucketThresholds.every((x, k) => k === 0 || x > Number(bucketThresholds[k - 1]))).toBe(true);
});

test('numbers are written plainly and within 2^53', async () => {
  const wrong = [
    'x',
    '1_000',
    ' 1',
    '1.',
    '.5',
    '+1',
    'nan',
    'inf',
    '0x10',
    String(largestNumber * 2),
    '1e400',
  ];
  const right = ['-1', '0', '1.50', '1e3', String(largestNumber)];
  const valid = (await execute(bucket, [...wrong, ...right, '', null])).map(({ valid }) => valid);
  expect(valid).toEqual([...wrong.map(() => false), ...right.map(() => true), true, true]);
});

test('a label compares as it says', async () => {
  expect((await execute(column, ['15', '15.5', '16', '-20'])).map(({ label }) => label)).toEqual([
    0, 1, 1, 0,
  ]);
});

test('no two different tuples have one cross', async () => {
  const part = fc.option(fc.string({ unit: fc.constantFrom('a', '|', '\\'), minLength: 1, maxLength: 3 }), {
    nil: null,
  });
  const tuples = fc.uniqueArray(fc.tuple(part, part, part), {
    minLength: 50,
    selector: (t) => JSON.stringify(t),
  });
  await fc.assert(
    fc.asyncProperty(tuples, async (rows) => {
      const values = rows.map((row) => `(${row.map(text).join(', ')})`).join(', ');
      const [result] = await database.query(
        `SELECT count(DISTINCT ${crossSql(['a', 'b', 'c'])}) AS n FROM (VALUES ${values}) AS raw(a, b, c)`,
      );
      expect(Number(result?.n)).toBe(rows.length);
    }),
    { numRuns: 20 },
  );
  const [row] = await database.query(`SELECT ${crossSql(["'A|B'", 'NULL', "'\\'"])} AS cross`);
  expect(row?.cross).toBe('A\\|B||\\\\');
});
