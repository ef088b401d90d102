// Raw files → the row table. Every line of a text file is read whole and taken apart in SQL, so that a bad one
// can be named by file, line and column. Nothing is skipped: the first bad row ends the work.
import { UserError } from '../errors.js';
import { badCell } from '../schema/bad-cell.js';
import { columnsOf } from '../schema/schema.js';
import { cellSql, identifier, literal } from '../schema/sql.js';
import type { Database } from './database.js';
import type { InputFile, ParquetFormat, TextFormat } from './datasets/dataset.js';
import { checkGzip } from './gzip.js';
import { allChecks, insertRowsSql, type RawRows, type RowPlan } from './row-table.js';
import { explainReadError, lineRows, linesSql, readableLines } from './text-lines.js';

export interface ReadOptions {
  database: Database;
  plan: RowPlan;
  format: TextFormat | ParquetFormat;
  /** At most this many rows of the file; may be infinite. */
  limit: number;
  signal?: AbortSignal | undefined;
  onFraction: (fraction: number) => void;
}

/** Appends one file to the row table, whose first row gets the number `firstRow`. Gives the number of its rows. */
export async function readFile(file: InputFile, firstRow: number, options: ReadOptions): Promise<number> {
  const rows =
    options.format.kind === 'parquet'
      ? await readParquet(file, firstRow, options)
      : await readText(file, firstRow, options.format, options);
  if (rows === 0) throw new UserError(`The input file '${file.path}' has no rows.`);
  return rows;
}

async function readParquet(file: InputFile, firstRow: number, options: ReadOptions): Promise<number> {
  const { database, plan, limit } = options;
  const source = `read_parquet(${literal(file.path)}, file_row_number = true)`;
  const described = await describe(database, file.path, source);
  for (const column of columnsOf(plan.schema)) {
    if (described.has(column)) continue;
    const known = [...described.keys()].filter((name) => name !== 'file_row_number').join(', ');
    throw new UserError(`File '${file.path}' has no column '${column}' (it has: ${known}).`);
  }
  const first = Number.isFinite(limit) ? `WHERE file_row_number < ${limit}` : '';
  const relation = `SELECT *, ${firstRow} + file_row_number AS row FROM ${source} ${first}`;
  const column = (name: string) => cellSql(identifier(name), described.get(name) ?? '');
  const raw: RawRows = { relation, column, checks: [], split: file.split };
  await database.run(insertRowsSql(plan, raw), options.onFraction);
  return checkRows(file, firstRow, raw, options, (row) => `row ${row} (counted from 0)`);
}

/** The file's columns with their types. */
async function describe(database: Database, path: string, source: string): Promise<Map<string, string>> {
  try {
    const columns = await database.query(`DESCRIBE SELECT * FROM ${source}`);
    return new Map(columns.map((column) => [String(column.column_name), String(column.column_type)]));
  } catch (error) {
    if (error instanceof Error && !(error instanceof UserError)) {
      throw new UserError(`File '${path}' is no Parquet file that can be read: ${firstSentence(error)}`);
    }
    throw error;
  }
}

async function readText(
  file: InputFile,
  firstRow: number,
  format: TextFormat,
  options: ReadOptions,
): Promise<number> {
  const { database, limit, plan, signal } = options;
  const zipped = file.path.endsWith('.gz');
  const { path } = file;
  try {
    const header = format.header ? await readableLines(database, path, 1) : [];
    const raw = lineRows(path, format, header[0], plan.schema, firstRow, file.split);
    // Two passes, because only a stored line has a number; reading is the shorter of them.
    await database.run(`CREATE OR REPLACE TABLE lines AS ${linesSql(path, format.header, limit)}`, (f) =>
      options.onFraction(f / 2),
    );
    await database.run(insertRowsSql(plan, raw), (f) => options.onFraction(0.5 + f / 2));
    const firstLine = format.header ? 2 : 1;
    const rows = await checkRows(file, firstRow, raw, options, (row) => `line ${row + firstLine}`);
    await database.run('DROP TABLE lines');
    if (zipped && rows < limit) await checkGzip(path, signal);
    return rows;
  } catch (error) {
    // A file that breaks off also ends in half a line: name the cause, not what follows from it.
    if (zipped && !signal?.aborted) await checkGzip(path, signal);
    throw explainReadError(path, error);
  }
}

/** Counts the file's rows and names the first bad one, if there is one. */
async function checkRows(
  { path }: InputFile,
  firstRow: number,
  raw: RawRows,
  { database, plan }: ReadOptions,
  place: (row: number) => string,
): Promise<number> {
  const [count] = await database.query(
    `SELECT count(*) AS rows, min(row) FILTER (fault IS NOT NULL) AS bad FROM rows WHERE row >= ${firstRow}`,
  );
  if (count?.bad === null || count === undefined) return Number(count?.rows ?? 0);
  const bad = Number(count.bad);
  const [row] = await database.query(`SELECT fault FROM rows WHERE row = ${bad}`);
  const check = allChecks(plan, raw)[Number(row?.fault)];
  if (!check) throw new Error(`Row ${bad} has the unknown fault ${row?.fault}.`);
  const [cell] = await database.query(
    `SELECT ${check.found} AS found FROM (${raw.relation}) WHERE row = ${bad}`,
  );
  const places = [`File '${path}', ${place(bad - firstRow)}`, check.place];
  throw new UserError(badCell(places, cell?.found, check.expected));
}

function firstSentence(error: Error): string {
  return error.message.split('\n')[0] ?? error.message;
}
