// Writes rows that are in memory, column by column, to a file that people and other programs read: CSV with a header,
// JSON Lines, or Parquet, by the file's extension. Numbers are written in full, so that reading gives the same bits; an
// empty text is missing, as everywhere in bitrow.
import { open, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { UserError } from '../errors.js';
import { identifier, literal } from '../schema/sql.js';
import { writeAside } from './output-file.js';

/** A column: its type in Parquet, and the value of each row. */
export interface RowFileColumn {
  readonly name: string;
  readonly type: 'UBIGINT' | 'UTINYINT' | 'FLOAT' | 'DOUBLE' | 'VARCHAR';
  readonly value: (row: number) => number | string | null;
}

const formats = { '.csv': writeCsv, '.jsonl': writeJsonLines, '.parquet': writeParquet } as const;

/** Refuses a name whose extension says no format. @throws UserError listing them */
export function requireRowFormat(path: string): keyof typeof formats {
  const extension = extname(path).toLowerCase();
  if (Object.hasOwn(formats, extension)) return extension as keyof typeof formats;
  throw new UserError(
    `The file '${path}' has no extension that says its format (known: ${Object.keys(formats).join(', ')}).`,
    undefined,
    2,
  );
}

/** Writes `rows` rows to `path`, which appears whole or not at all. @throws UserError for an unknown extension */
export async function writeRowFile(
  path: string,
  columns: readonly RowFileColumn[],
  rows: number,
): Promise<void> {
  const write = formats[requireRowFormat(path)];
  await writeAside(path, (temporary) => write(temporary, columns, rows));
}

/** Lines that are put together before they are written. */
const linesAtOnce = 16_384;

async function writeLines(
  path: string,
  first: string,
  rows: number,
  line: (row: number) => string,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let text = first;
    for (let row = 0; row < rows; row++) {
      text += `${line(row)}\n`;
      if ((row + 1) % linesAtOnce === 0) {
        await file.write(text);
        text = '';
      }
    }
    await file.write(text);
  } finally {
    await file.close();
  }
}

async function writeCsv(path: string, columns: readonly RowFileColumn[], rows: number): Promise<void> {
  const header = columns.map(({ name }) => cell(name)).join(',');
  const line = (row: number) => columns.map(({ value }) => cell(value(row))).join(',');
  await writeLines(path, `${header}\n`, rows, line);
}

/** Missing is empty; a text with a comma, a quote or a line break stands in quotes (RFC 4180). */
function cell(value: number | string | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

async function writeJsonLines(path: string, columns: readonly RowFileColumn[], rows: number): Promise<void> {
  const line = (row: number) =>
    JSON.stringify(Object.fromEntries(columns.map(({ name, value }) => [name, value(row)])));
  await writeLines(path, '', rows, line);
}

/** By way of CSV, which DuckDB turns into Parquet out of core. */
async function writeParquet(path: string, columns: readonly RowFileColumn[], rows: number): Promise<void> {
  const csv = `${path}.csv`;
  // Loaded here and not before: a process that only scores rows in memory needs no DuckDB.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    await writeCsv(csv, columns, rows);
    const types = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ');
    const names = columns.map(({ name }) => identifier(name)).join(', ');
    await connection.run(
      `COPY (SELECT ${names} FROM read_csv(${literal(csv)}, auto_detect = false, header = true, delim = ',',
         quote = '"', escape = '"', new_line = '\\n', parallel = false, columns = {${types}}))
       TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(csv, { force: true });
  }
}
