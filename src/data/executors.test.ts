// Both executors of every transformation on cells that try them: the SQL of schema/sql.ts and the functions of
// schema/rows.ts give the same value, or both refuse the cell, and so for labels.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { scratchDatabase } from '../../test/scratch-database.js';
import { BadCell } from '../schema/bad-cell.js';
import { bucketThresholds } from '../schema/bucket.js';
import type { Cell } from '../schema/cell.js';
import { cellSql, typedCell } from '../schema/cell-sql.js';
import { parseComparison } from '../schema/comparison.js';
import { labelReader, RowReader } from '../schema/rows.js';
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
import { timeFormats, timeParts } from '../schema/transformation.js';
import type { Database } from './database.js';

let database: Database;
beforeAll(async () => {
  const scratch = await scratchDatabase();
  database = scratch.database;
  return scratch.close;
});

const column: Simple = { kind: 'column', column: 'x' };
const split: Simple = { kind: 'split', of: column, separator: '|' };
const transformations: Simple[] = [
  column,
  { kind: 'trim', of: column },
  { kind: 'lower', of: { kind: 'trim', of: column } },
  split,
  { kind: 'trim', of: { kind: 'lower', of: split } },
  { kind: 'bucket', column: 'x', small: 'integer' },
  { kind: 'bucket', column: 'x', small: 'one' },
  ...Object.keys(timeFormats).flatMap((format) =>
    timeParts.map((part): Simple => {
      const zone = format === 'unix-seconds' ? 'UTC' : 'as-written';
      return { kind: 'time', column: 'x', format: format as keyof typeof timeFormats, zone, part };
    }),
  ),
];
const labels = ['x > 15', 'x <= 0.5', 'x != 1', "x = 'a'", "x != '1'"];

/** A value, or the word of who refuses the cell. */
const refused = 'refused';

/** What SQL gives for cells of a column of this type: per cell, the values, then the cross of the first four that
 * are no lists, then the labels. */
async function bySql(type: string, cells: readonly (string | null)[]): Promise<unknown[][]> {
  const parsed = labels.map(parseComparison);
  const typed = (name: string) => typedCell(identifier(name), type);
  const cell = (name: string) => cellSql(identifier(name), type);
  const readings = new Map(
    parsed
      .flatMap((label) => readingsOf(transformations, label, cell, typed))
      .map(({ name, sql }) => [name, sql]),
  );
  const values = transformations.map((t) => {
    const [check] = checksOf([t], null, typed);
    return check ? `CASE WHEN ${check.valid} THEN ${valueSql(t)} ELSE '${refused}' END` : valueSql(t);
  });
  const cross = crossSql(crossed.map(valueSql));
  const compared = parsed.map(
    (label) =>
      `CASE WHEN ${checksOf([], label, typed)[0]?.valid} THEN ${labelSql(label)}::VARCHAR ELSE '${refused}' END`,
  );
  const all = [...values, cross, ...compared].map((sql, i) => `${sql} AS c${i}`);
  const rows = cells.map((cell, i) => `(${i}, ${cell === null ? 'NULL' : literal(cell)})`).join(', ');
  const result = await database.query(
    `SELECT ${all.join(', ')} FROM (SELECT i, ${[...readings].map(([name, sql]) => `${sql} AS ${name}`).join(', ')}
       FROM (SELECT i, CAST(x AS ${type}) AS x FROM (VALUES ${rows}) AS raw(i, x))) ORDER BY i`,
  );
  return result.map((row) => Object.values(row));
}
const crossed = transformations.slice(0, 3);

function byFunctions(cell: Cell): unknown[] {
  const attempt = (work: () => unknown) => {
    try {
      return work();
    } catch (error) {
      if (error instanceof BadCell) return refused;
      throw error;
    }
  };
  const values = transformations.map((value) =>
    attempt(() => new RowReader({ fields: [{ name: 'f', value }] }).read({ x: cell })[0]),
  );
  const cross = new RowReader({ fields: [{ name: 'f', value: { kind: 'cross', of: crossed } }] });
  const compared = labels.map((label) => attempt(() => String(labelReader(label)({ x: cell }))));
  return [...values, cross.read({ x: cell })[0], ...compared];
}

async function agree<T extends Cell>(
  type: string,
  cells: readonly T[],
  literalOf: (cell: T) => string | null,
) {
  const expected = await bySql(type, cells.map(literalOf));
  for (const [i, cell] of cells.entries()) {
    expect(byFunctions(cell), `${type} ${String(cell)}`).toEqual(expected[i]);
  }
}

const some = <T>(cell: fc.Arbitrary<T>) => fc.array(cell, { minLength: 40, maxLength: 40 });
const padded = (n: number, digits: number) => String(n).padStart(digits, '0');
const upTo = (max: number) => fc.integer({ min: 0, max });

const texts = {
  'of any letters': fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  'of separators and blanks': fc.string({
    unit: fc.constantFrom('A', 'z', 'İ', 'ß', '|', '\\', ' ', '\t', '\r', '\n', '\v', '\u00a0', "'", '"'),
  }),
  'like numbers': fc.oneof(
    fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', 'e', '+', ' ') }),
    fc.double().map(String),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
    fc.tuple(fc.nat(), fc.integer({ min: -400, max: 400 })).map(([m, e]) => `${m}.5e${e}`),
  ),
  'like times': fc
    .tuple(
      fc.oneof(upTo(9999), fc.constantFrom(0, 1, 1582, 1900, 2000, 2100)),
      fc.oneof(upTo(13), fc.constant(2)),
      fc.oneof(upTo(32), fc.integer({ min: 28, max: 31 })),
      upTo(25),
      upTo(60),
      fc.constantFrom('', ':00', ':59.9999999', ':59.5', ':60', ':7', ' ', '+02', 'Z'),
      fc.constantFrom(' ', 'T', '', '  '),
    )
    .map(
      ([year, month, day, hour, minute, end, between]) =>
        `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}${between}${padded(hour, 2)}:${padded(minute, 2)}${end}`,
    ),
  'like YYMMDDHH': fc
    .tuple(upTo(99), upTo(13), upTo(32), upTo(24))
    .map((parts) => parts.map((n) => padded(n, 2)).join('')),
};

for (const [kind, text] of Object.entries(texts)) {
  test(`texts ${kind}`, async () => {
    const cell = fc.oneof({ arbitrary: text, weight: 20 }, { arbitrary: fc.constant(null), weight: 1 });
    await fc.assert(
      fc.asyncProperty(some(cell), (cells) => agree('VARCHAR', cells, (x) => x)),
      { numRuns: 15 },
    );
  });
}

test('February 29 of every century and around the last turn, and the days beside it', async () => {
  const years = [1, 4, ...Array.from({ length: 99 }, (_, i) => 100 * (i + 1)), 1996, 1997, 2004, 9996, 9999];
  const days = years.flatMap((year) =>
    ['02-28', '02-29', '02-30', '03-01', '12-31'].map((day) => `${padded(year, 4)}-${day} 07:05`),
  );
  await agree('VARCHAR', days, (x) => x);
});

test('numbers of type DOUBLE, with whole ones and the edges of buckets among them', async () => {
  const threshold = fc
    .constantFrom(...bucketThresholds)
    .chain((x) => fc.constantFrom(x, x * (1 - 2 ** -53), x * (1 + 2 ** -52)));
  const cell = fc.oneof(
    fc.double(),
    fc.double({ min: -3, max: 3 }),
    fc.integer().map((n) => n / 100),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(Number),
    fc.constantFrom(0, -0, 2 ** 53, 2 ** 53 + 2, 2 ** 63, -(2 ** 63), 1e15, 1e16, 1e21, 5e-324),
    threshold,
  );
  await fc.assert(
    fc.asyncProperty(some(cell), (cells) =>
      agree('DOUBLE', cells, (x) => (Object.is(x, -0) ? '-0.0' : String(x).replace('Infinity', 'inf'))),
    ),
    { numRuns: 20 },
  );
});

test('numbers of type FLOAT and DECIMAL are the float64 that they equal', async () => {
  await fc.assert(
    fc.asyncProperty(some(fc.float()), (cells) =>
      agree('FLOAT', cells, (x) => (Object.is(x, -0) ? '-0.0' : String(x).replace('Infinity', 'inf'))),
    ),
    { numRuns: 5 },
  );
  const cents = fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 100);
  await fc.assert(
    fc.asyncProperty(some(cents), (cells) => agree('DECIMAL(18,2)', cells, String)),
    { numRuns: 5 },
  );
});

test('whole numbers beyond 2^53 keep their digits', async () => {
  const wide = some(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  await fc.assert(
    fc.asyncProperty(wide, (cells) => agree('BIGINT', cells, String)),
    { numRuns: 10 },
  );
  await fc.assert(
    fc.asyncProperty(some(upTo(100_000_000)), (cells) => agree('BIGINT', cells, String)),
    { numRuns: 5 },
  );
});

test('truth values, days and points in time', async () => {
  await agree('BOOLEAN', [true, false, null], (x) => (x === null ? null : String(x)));
  await agree('DATE', ['2001-01-31', '0044-03-15', null], (x) => x);
  const date = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  for (const type of ['TIMESTAMP', 'TIMESTAMP_MS', 'TIMESTAMP WITH TIME ZONE']) {
    await fc.assert(
      fc.asyncProperty(some(date), (cells) => agree(type, cells, (x) => x.toISOString())),
      { numRuns: 5 },
    );
  }
});

test('what is no cell is refused by name', () => {
  const reader = new RowReader({ fields: [{ name: 'f', value: column }] });
  const wrong = [{ a: 1 }, ['a'], new Date(Number.NaN), Symbol('s')] as unknown as Cell[];
  for (const cell of wrong)
    expect(() => reader.read({ x: cell })).toThrow(/^Column 'x': found .*, expected a text/);
  const bucket = new RowReader({
    fields: [{ name: 'f', value: { kind: 'bucket', column: 'x', small: 'one' } }],
  });
  expect(() => bucket.read({ x: 'ten' })).toThrow("Column 'x': found 'ten', expected a number or nothing.");
});
