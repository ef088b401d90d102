// A raw file of any format as pieces, each a relation with its columns and checks: what `prepare` and `predict`
// read. A piece is good until the next one is asked for.
import { UserError } from '../errors.js';
import { badCell } from '../schema/bad-cell.js';
import { cellSql, typedCell } from '../schema/cell-sql.js';
import type { Schema } from '../schema/schema.js';
import { identifier, literal } from '../schema/sql.js';
import { csvParts, requireColumns } from './csv-parts.js';
import type { Database } from './database.js';
import type { InputFile, RawFormat, TextFormat } from './datasets/dataset.js';
import type { SplitName } from './manifest.js';
import { movielensParts } from './movielens-parts.js';
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
  /** Bad rows beyond this many end the reading early. */
  tolerance: number;
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
export function rawParts(file: InputFile, format: RawFormat, options: PartOptions): AsyncGenerator<RawPart> {
  const { path, split } = file;
  const given = { ...options, split };
  switch (format.kind) {
    case 'parquet':
      return parquetParts(path, given);
    case 'csv':
      return csvParts(path, format, given);
    case 'movielens':
      return movielensParts(file, given);
    case 'text':
      return textParts(path, format, given);
  }
}

/** What is wrong with a bad row, and where in its file: the cell that a check found, and what it expected. */
export async function faultOf(
  database: Database,
  { raw, place }: RawPart,
  row: number,
  check: RowCheck,
): Promise<string> {
  const places = [await place(row), check.place];
  if (check.says !== undefined) return `${places.filter(Boolean).join(', ')}: ${check.says}.`;
  const [cell] = await database.query(
    `SELECT ${check.found} AS found FROM (${raw.relation}) WHERE row = ${row}`,
  );
  return badCell(places, cell?.found, check.expected);
}

async function* parquetParts(path: string, options: PartOptions): AsyncGenerator<RawPart> {
  const { database, columns: needed, firstRow, limit, split } = options;
  const source = `read_parquet(${literal(path)}, file_row_number = true)`;
  const types = await describe(database, path, source);
  const columns = [...types.keys()].filter((name) => name !== 'file_row_number');
  requireColumns(path, columns, needed, 'it has');
  for (const [name, type] of types) {
    if (!needed.includes(name) || !/\[|^(STRUCT|MAP|UNION)/.test(type)) continue;
    throw new UserError(
      `File '${path}': the column '${name}' holds ${type}, expected one value per row.`,
      'write lists as texts with a separator, and give the field a split',
    );
  }
  const first = Number.isFinite(limit) ? `WHERE file_row_number < ${limit}` : '';
  const relation = `SELECT *, ${firstRow} + file_row_number AS row FROM ${source} ${first}`;
  const column = (name: string) => cellSql(identifier(name), types.get(name) ?? '');
  const typed = (name: string) => typedCell(identifier(name), types.get(name) ?? '');
  yield {
    raw: { relation, column, typed, checks: [], split },
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
  const { database, schema, columns: needed, firstRow, limit, split, tolerance, onFraction } = options;
  // Without a header the first line only tells whether the label is there; rows to learn from have one.
  const [firstLine = ''] = format.header || tolerance === 0 ? await readableLines(database, path, 1) : [];
  const raw = lineRows(path, format, firstLine, schema, needed, firstRow, split);
  if (tolerance > 0) {
    // DuckDB gives up at a line that is no text; the record reader marks it and goes on.
    const { separator, header } = format;
    const columns = header ? undefined : format.columns;
    const csv = { kind: 'csv', separator, columns, quotes: 'none' } as const;
    for await (const part of csvParts(path, csv, options)) {
      const { relation, checks } = part.raw;
      yield { ...part, raw: { ...raw, relation, checks: [...checks, ...raw.checks] } };
    }
    return;
  }
  await database.run(`CREATE OR REPLACE TABLE lines AS ${linesSql(path, format.header, limit)}`, (f) =>
    onFraction(f / 2),
  );
  const firstNumber = format.header ? 2 : 1;
  yield { raw, firstRow, place: (row) => `line ${row - firstRow + firstNumber}` };
  await database.run('DROP TABLE lines');
}
