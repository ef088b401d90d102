// What the columns of a file look like, from its first rows: how many values, how many of them once, and whether all
// of them are numbers or times. Exact over the rows that were read.
import type { Schema } from '../schema/schema.js';
import { literal } from '../schema/sql.js';
import type { TimeFormat } from '../schema/transformation.js';
import type { Database } from './database.js';
import type { InputFile, RawFormat } from './datasets/dataset.js';
import { rawParts } from './raw-parts.js';

export interface ColumnProfile {
  name: string;
  /** Rows with a value. */
  filled: number;
  values: number;
  /** Rows whose value no other row has. */
  once: number;
  /** Values left at a threshold, by threshold. */
  kept: ReadonlyMap<number, number>;
  /** The most frequent values, the first one most; at most 10. */
  top: readonly { value: string; count: number }[];
  isNumber: boolean;
  isInteger: boolean;
  /** The format in which all values are times, if there is one. */
  time: TimeFormat | null;
  /** Days that leave 80 and 90 of 100 rows before them, for a column of times. */
  days: readonly [string, string] | null;
  /** What stands between several values, if that is what a value seems to be. */
  listSeparator: string | null;
}

export const thresholds = [1, 2, 5, 10, 20, 50] as const;

/** Reads the first rows of a file and looks at each column. Bad rows are left out. */
export async function profileColumns(
  database: Database,
  file: InputFile,
  format: RawFormat,
  columns: readonly string[],
  limit: number,
  signal: AbortSignal | undefined,
): Promise<{ rows: number; columns: ColumnProfile[] }> {
  const schema: Schema = { label: 'none = 1', fields: [] };
  await database.run(`CREATE TABLE sample (${columns.map((_, i) => `c${i} VARCHAR`).join(', ')})`);
  const options = { database, schema, columns: [], firstRow: 0, limit, tolerance: limit, signal };
  for await (const { raw } of rawParts(file, format, { ...options, onFraction: () => {} })) {
    const cells = columns.map((name) => `nullif(CAST(${raw.column(name)} AS VARCHAR), '')`);
    const good = raw.checks.map(({ valid }) => `(${valid})`).join(' AND ') || 'true';
    await database.run(`INSERT INTO sample SELECT ${cells.join(', ')} FROM (${raw.relation}) WHERE ${good}`);
  }
  const [count] = await database.query('SELECT count(*) AS rows FROM sample');
  const profiles: ColumnProfile[] = [];
  for (const [i, name] of columns.entries()) profiles.push(await profile(database, `c${i}`, name));
  return { rows: Number(count?.rows), columns: profiles };
}

const number = "'-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?'";
const timestamp = "'[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?'";
/** 2000-01-01 to 2040-01-01: other whole numbers may be seconds too, but that would be a guess. */
const [firstSecond, lastSecond] = [946_684_800, 2_208_988_800];
const listSeparators = ['|', ';', ','];

async function profile(database: Database, column: string, name: string): Promise<ColumnProfile> {
  const kept = thresholds.map((n) => `count(*) FILTER (n >= ${n}) AS kept${n}`);
  const lists = listSeparators.map((s, i) => `avg(CAST(contains(x, ${literal(s)}) AS INTEGER)) AS list${i}`);
  const asNumber = 'try_cast(x AS DOUBLE)';
  const day = (n: number) => `strftime(quantile_disc(time, ${n}), '%Y-%m-%d')`;
  await database.run(
    `CREATE OR REPLACE TABLE counts AS SELECT ${column} AS x, count(*) AS n FROM sample WHERE ${column} IS NOT NULL GROUP BY 1`,
  );
  const [row] =
    await database.query(`SELECT count(*) AS "values", sum(n) AS filled, count(*) FILTER (n = 1) AS once,
    ${kept.join(', ')}, ${lists.join(', ')},
    bool_and(regexp_full_match(x, ${number}) AND abs(${asNumber}) <= 9007199254740992) AS number,
    bool_and(regexp_full_match(x, '-?[0-9]+')) AS integer,
    bool_and(regexp_full_match(x, ${timestamp}) AND try_cast(x AS TIMESTAMP) IS NOT NULL) AS timestamp,
    bool_and(regexp_full_match(x, '[0-9]{9,10}') AND ${asNumber} BETWEEN ${firstSecond} AND ${lastSecond}) AS seconds,
    bool_and(regexp_full_match(x, '[12][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])')) AS hours
    FROM counts`);
  const top = await database.query('SELECT x AS value, n AS count FROM counts ORDER BY n DESC, x LIMIT 10');
  const values = Number(row?.values);
  const time = row?.timestamp ? 'timestamp' : row?.seconds ? 'unix-seconds' : row?.hours ? 'YYMMDDHH' : null;
  const timeSql = {
    timestamp: `try_cast(${column} AS TIMESTAMP)`,
    'unix-seconds': `make_timestamp(try_cast(${column} AS BIGINT) * 1000000)`,
    YYMMDDHH: `try_strptime(${column}, '%y%m%d%H')`,
  };
  const [days] = time
    ? await database.query(
        `SELECT ${day(0.8)} AS validation, ${day(0.9)} AS test, strftime(min(time), '%Y-%m-%d') AS first
         FROM (SELECT ${timeSql[time]} AS time FROM sample)`,
      )
    : [];
  const found = listSeparators.findIndex((_, i) => Number(row?.[`list${i}`] ?? 0) >= 0.3);
  const separator = found < 0 || time ? null : String(listSeparators[found]);
  return {
    name,
    filled: Number(row?.filled ?? 0),
    values,
    once: Number(row?.once),
    kept: new Map(thresholds.map((n) => [n, Number(row?.[`kept${n}`])])),
    top: top.map(({ value, count }) => ({ value: String(value), count: Number(count) })),
    isNumber: row?.number === true,
    isInteger: row?.integer === true,
    time,
    days:
      days && days.first !== days.validation && days.validation !== days.test
        ? [String(days.validation), String(days.test)]
        : null,
    listSeparator: separator !== null && (await isList(database, separator, values)) ? separator : null,
  };
}

/** Whether taking the values apart gives far fewer different ones. */
async function isList(database: Database, separator: string, values: number): Promise<boolean> {
  const [row] = await database.query(
    `SELECT count(DISTINCT part) AS parts FROM (SELECT unnest(string_split(x, ${literal(separator)})) AS part FROM counts)`,
  );
  return Number(row?.parts) < values;
}

/** The columns of a Parquet file, in order. */
export async function parquetColumns(database: Database, path: string): Promise<string[]> {
  const rows = await database.query(`DESCRIBE SELECT * FROM read_parquet(${literal(path)})`);
  return rows.map((row) => String(row.column_name));
}
