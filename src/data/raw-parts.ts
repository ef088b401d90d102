// A raw file of any format as pieces, each a relation with its columns and checks: what `prepare` and `predict`
// read. Every line of a text file is read whole and taken apart in SQL, so that a bad one can be named. A piece is
// good until the next one is asked for.
import { UserError } from '../errors.js';
import { badCell } from '../schema/bad-cell.js';
import type { Schema } from '../schema/schema.js';
import { cellSql, identifier, literal } from '../schema/sql.js';
import type { Database } from './database.js';
import type { InputFile, RawFormat, TextFormat } from './datasets/dataset.js';
import type { SplitName } from './manifest.js';
import type { RawRows, RowCheck } from './row-table.js';
import { lineRows, linesSql, readableLines } from './text-lines.js';

export interface PartOptions {
  database: Database;
  schema: Schema;
  /** The columns that must be there. */
  columns: readonly string[];
  /** Number of the file's first row. */
  firstRow: number;
  /** At most this many rows of the file; may be infinite. */
  limit: number;
  split?: SplitName | undefined;
  signal?: AbortSignal | undefined;
  /** How much of the file is read, 0 to 1. */
  onFraction: (fraction: number) => void;
}

export interface RawPart {
  raw: RawRows;
  firstRow: number;
  /** Where in the file the row of this number stands, for a sentence. */
  place: (row: number) => string | Promise<string>;
}

/** The pieces of a file, in the order of its rows, which are numbered from `firstRow` without a gap. */
export function rawParts(
  { path, split }: InputFile,
  format: RawFormat,
  options: PartOptions,
): AsyncGenerator<RawPart> {
  const given = { ...options, split };
  switch (format.kind) {
    case 'parquet':
      return parquetParts(path, given);
    case 'text':
      return textParts(path, format, given);
  }
}

/** The sentence about a bad row: the cell that a check found, and what it expected. */
export async function faultOf(
  database: Database,
  path: string,
  place: string,
  row: number,
  raw: RawRows,
  check: RowCheck,
): Promise<UserError> {
  const [cell] = await database.query(
    `SELECT ${check.found} AS found FROM (${raw.relation}) WHERE row = ${row}`,
  );
  return new UserError(badCell([`File '${path}'`, place, check.place], cell?.found, check.expected));
}

async function* parquetParts(path: string, options: PartOptions): AsyncGenerator<RawPart> {
  const { database, columns: needed, firstRow, limit, split } = options;
  const source = `read_parquet(${literal(path)}, file_row_number = true)`;
  const types = await describe(database, path, source);
  for (const column of needed) {
    if (types.has(column)) continue;
    const known = [...types.keys()].filter((name) => name !== 'file_row_number').join(', ');
    throw new UserError(`File '${path}' has no column '${column}' (it has: ${known}).`);
  }
  const first = Number.isFinite(limit) ? `WHERE file_row_number < ${limit}` : '';
  const relation = `SELECT *, ${firstRow} + file_row_number AS row FROM ${source} ${first}`;
  const column = (name: string) => cellSql(identifier(name), types.get(name) ?? '');
  yield {
    raw: { relation, column, checks: [], split },
    firstRow,
    place: (row) => `row ${row - firstRow} (counted from 0)`,
  };
}

/** The file's columns with their types. */
async function describe(database: Database, path: string, source: string): Promise<Map<string, string>> {
  try {
    const columns = await database.query(`DESCRIBE SELECT * FROM ${source}`);
    return new Map(columns.map((column) => [String(column.column_name), String(column.column_type)]));
  } catch (error) {
    if (error instanceof Error && !(error instanceof UserError)) {
      const [sentence] = error.message.split('\n');
      throw new UserError(`File '${path}' is no Parquet file that can be read: ${sentence}`);
    }
    throw error;
  }
}

/** One piece, because such a file needs no more than its lines. Two passes: only a stored line has a number. */
async function* textParts(path: string, format: TextFormat, options: PartOptions): AsyncGenerator<RawPart> {
  const { database, schema, columns, firstRow, limit, split, onFraction } = options;
  const [firstLine = ''] = await readableLines(database, path, 1);
  const raw = lineRows(path, format, firstLine, schema, columns, firstRow, split);
  await database.run(`CREATE OR REPLACE TABLE lines AS ${linesSql(path, format.header, limit)}`, (f) =>
    onFraction(f / 2),
  );
  const firstNumber = format.header ? 2 : 1;
  yield { raw, firstRow, place: (row) => `line ${row - firstRow + firstNumber}` };
  await database.run('DROP TABLE lines');
}
