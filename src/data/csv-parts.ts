// A CSV or TSV file as pieces that DuckDB reads. The record reader turns the file's bytes into one line of text per
// record, some sixteen megabytes of lines at a time; a piece is a table of such lines, and the SQL that takes them
// apart. A row's number is its record's place in the file, bad ones included, and no thread can change it.
import { createReadStream, type ReadStream, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../errors.js';
import { literal } from '../schema/sql.js';
import type { CsvFormat } from './datasets/dataset.js';
import type { PartOptions, RawPart } from './raw-parts.js';
import { badMark, badRecords, cellsOf, escapedMark, escapesOf, RecordReader } from './record-reader.js';
import type { RowCheck } from './row-table.js';
import { linesSql } from './text-lines.js';

const chunkBytes = 2 ** 18;
const pieceBytes = 2 ** 24;

/** The pieces of a CSV file, in order. @throws UserError for a header that lacks or repeats a column */
export async function* csvParts(
  path: string,
  format: CsvFormat,
  { database, columns: needed, limit, split, tolerance, signal, ...options }: PartOptions,
): AsyncGenerator<RawPart> {
  const separator = format.separator ?? (await findSeparator(path));
  const rules = { separator, quotes: format.quotes === 'double' };
  const piece = join(database.directory, 'piece.txt');
  const progress: ReadProgress = { done: 0, bad: 0 };
  const lines = recordLines(path, rules, progress);
  const [columns, beginning] = await takeHeader(path, format, separator, lines);
  requireColumns(path, columns, needed, format.columns ? 'the schema names' : 'line 1: the header has');

  let firstRow = options.firstRow;
  const end = firstRow + limit;
  let isOver = false;
  while (!isOver && firstRow < end) {
    const file = await open(piece, 'w');
    try {
      let size = firstRow === options.firstRow ? (await file.write(beginning)).bytesWritten : 0;
      while (size < pieceBytes && progress.bad <= tolerance && !isOver) {
        signal?.throwIfAborted();
        const { value, done } = await lines.next();
        if (value && value.length > 0) await file.writeFile(value);
        size += value?.length ?? 0;
        isOver = done === true;
      }
      isOver ||= progress.bad > tolerance;
    } finally {
      await file.close();
    }
    await database.run(`CREATE OR REPLACE TABLE lines AS ${linesSql(piece, false, end - firstRow)}`);
    await rm(piece);
    const [counted] = await database.query('SELECT count(*) AS rows FROM lines');
    const rows = Number(counted?.rows);
    if (rows === 0) break;
    const cell = (name: string) => `cells[${columns.indexOf(name) + 1}]`;
    const relation = `SELECT ${firstRow} + rowid AS row, line, ${cellsSql(separator)} AS cells FROM lines`;
    const first = firstRow;
    const record = (row: number) => row - options.firstRow + (format.columns ? 0 : 1);
    yield {
      raw: { relation, column: cell, checks: recordChecks(columns.length), split },
      firstRow: first,
      place: async (row) => `line ${await lineOf(path, rules, record(row))}`,
    };
    options.onFraction(progress.done);
    firstRow += rows;
  }
  await lines.return(undefined);
  await database.run('DROP TABLE IF EXISTS lines');
}

/** The columns that a file's first line names. */
export async function csvHeader(
  path: string,
  format: CsvFormat,
): Promise<{ columns: string[]; separator: string }> {
  const separator = format.separator ?? (await findSeparator(path));
  const lines = recordLines(path, { separator, quotes: format.quotes === 'double' }, { done: 0, bad: 0 });
  const [columns] = await takeHeader(path, format, separator, lines);
  await lines.return(undefined);
  return { columns, separator };
}

interface ReadProgress {
  /** Of the file, 0 to 1. */
  done: number;
  bad: number;
}

/** The lines that the record reader makes of a file, in blocks of whole ones. */
async function* recordLines(
  path: string,
  rules: ConstructorParameters<typeof RecordReader>[0],
  progress: ReadProgress,
): AsyncGenerator<Buffer, undefined> {
  const reader = new RecordReader(rules);
  const { file, bytes } = openBytes(path);
  const size = statSync(path).size;
  try {
    for await (const chunk of bytes) {
      const lines = reader.read(chunk as Buffer, false);
      progress.done = file.bytesRead / size;
      progress.bad = reader.bad;
      if (lines.length > 0) yield lines;
    }
    const lines = reader.read(Buffer.alloc(0), true);
    progress.bad = reader.bad;
    if (lines.length > 0) yield lines;
  } finally {
    file.destroy();
  }
}

function openBytes(path: string): { file: ReadStream; bytes: Readable } {
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  if (!path.endsWith('.gz')) return { file, bytes: file };
  // The callback is required; the error also reaches whoever reads the stream.
  return { file, bytes: pipeline(file, createGunzip({ chunkSize: chunkBytes }), () => {}) };
}

/** The columns, and the lines that were read behind the header. */
async function takeHeader(
  path: string,
  format: CsvFormat,
  separator: string,
  lines: AsyncGenerator<Buffer, undefined>,
): Promise<[columns: string[], beginning: Buffer]> {
  const { value = Buffer.alloc(0) } = await lines.next();
  if (format.columns) return [[...format.columns], value];
  const end = value.indexOf(10);
  const header = value.toString('utf8', 0, Math.max(end, 0));
  if (header.startsWith(badMark)) {
    throw new UserError(
      `File '${path}', line 1: ${badRecords[header[1] as keyof typeof badRecords]}.`,
      encodingHelp,
    );
  }
  const columns = cellsOf(header, separator);
  if (columns.some((name) => name.includes('\r'))) {
    throw new UserError(
      `File '${path}' ends its lines with carriage returns alone.`,
      'end every line with a line feed',
    );
  }
  return [columns, value.subarray(end + 1)];
}

const encodingHelp = 'save it as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`';

/** @throws UserError when a needed column is missing, or any column stands twice */
export function requireColumns(
  path: string,
  columns: readonly string[],
  needed: readonly string[],
  where: string,
): void {
  const place = `File '${path}'${where.startsWith('line') ? ',' : ':'} ${where}`;
  const twice = columns.find((name, i) => name !== '' && columns.indexOf(name) !== i);
  if (twice !== undefined) {
    const places = columns.flatMap((name, i) => (name === twice ? [i + 1] : []));
    throw new UserError(
      `${place} the column '${twice}' twice (columns ${places.join(' and ')}).`,
      'give each column a name of its own',
    );
  }
  for (const name of needed) {
    if (columns.includes(name)) continue;
    throw new UserError(`${place} no column '${name}' (it has: ${columns.join(', ')}).`);
  }
}

/** SQL of the cells of a line, see record-reader.ts. */
function cellsSql(separator: string): string {
  const split = (line: string) => `string_split(${line}, ${literal(separator)})`;
  const original = escapesOf(separator).reduce(
    (x, [character, letter]) => `replace(${x}, ${literal(`\x1b${letter}`)}, ${literal(character)})`,
    'x',
  );
  const mark = literal(escapedMark);
  return `CASE WHEN ends_with(line, ${mark})
    THEN list_transform(${split('substr(line, 1, length(line) - 1)')}, lambda x: ${original}) ELSE ${split('line')} END`;
}

function recordChecks(columns: number): RowCheck[] {
  const bad = Object.entries(badRecords).map(([letter, says]) => ({
    place: '',
    valid: `coalesce(line, '') <> ${literal(badMark + letter)}`,
    expected: says,
    found: 'NULL',
    says,
  }));
  const count = {
    place: '',
    valid: `coalesce(len(cells) = ${columns}, false)`,
    expected: `${columns} columns`,
    found: 'coalesce(len(cells), 0)',
  };
  return [...bad, count];
}

/** The line of the file, from 1, on which its record `index` starts. Reads the file again: nobody needs it but a
 * sentence about a bad row. */
async function lineOf(
  path: string,
  rules: { separator: string; quotes: boolean },
  index: number,
): Promise<number> {
  let seen = 0;
  let found: number | undefined;
  const onRecord = (line: number) => {
    if (seen++ === index) found = line;
  };
  const lines = recordLines(path, { ...rules, onRecord }, { done: 0, bad: 0 });
  while (found === undefined && (await lines.next()).done !== true);
  await lines.return(undefined);
  return found ?? index + 1;
}

const separators = [',', ';', '\t', '|'];

/** By the file's name, or what stands most often in its first line outside quotes. */
async function findSeparator(path: string): Promise<string> {
  if (/\.(tsv|tab)(\.gz)?$/i.test(path)) return '\t';
  const { file, bytes } = openBytes(path);
  let line = '';
  try {
    for await (const chunk of bytes) {
      line += String(chunk);
      if (line.includes('\n')) break;
    }
  } finally {
    file.destroy();
  }
  const outside = (line.split('\n')[0] ?? '').replace(/"[^"]*"/g, '');
  const counts = separators.map((separator) => outside.split(separator).length - 1);
  return separators[counts.indexOf(Math.max(...counts))] ?? ',';
}
