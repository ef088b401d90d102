// A text file as numbered lines, and a line as columns: the SQL for both, and the sentences for files whose lines
// cannot even be read. Nothing is quoted or escaped in these formats, and no line may be blank.
import { UserError } from '../errors.js';
import { parseComparison } from '../schema/comparison.js';
import { columnsOf, type Schema } from '../schema/schema.js';
import { literal } from '../schema/sql.js';
import type { Database } from './database.js';
import type { TextFormat } from './datasets/dataset.js';
import type { SplitName } from './manifest.js';
import type { RawRows, RowCheck } from './row-table.js';

/** SQL of a file's lines after the header, in the order of the file, NULL for a blank one. */
export function linesSql(path: string, header: boolean, limit: number): string {
  const compression = path.endsWith('.gz') ? 'gzip' : 'none';
  // One column whose separator never occurs in text: the control character 1.
  return `SELECT line FROM read_csv(${literal(path)}, auto_detect = false, header = ${header}, delim = '\x01',
    quote = '', escape = '', compression = '${compression}', columns = {'line': 'VARCHAR'})
    ${Number.isFinite(limit) ? `LIMIT ${limit}` : ''}`;
}

/** The first lines of a file, as texts. @throws UserError when it is not text. */
export async function readableLines(database: Database, path: string, count: number): Promise<string[]> {
  const rows = await database.query(linesSql(path, false, count));
  return rows.map(({ line }) => String(line ?? ''));
}

/** The rows of a text file, from the table `lines`. @throws UserError when its header lacks a column. */
export function lineRows(
  path: string,
  format: TextFormat,
  header: string | undefined,
  schema: Schema,
  firstRow: number,
  split: SplitName | undefined,
): RawRows {
  const columns = header === undefined ? format.columns : header.split(format.separator);
  for (const name of columnsOf(schema)) {
    if (columns.includes(name)) continue;
    throw new UserError(
      `File '${path}', line 1: the header has no column '${name}' (it has: ${columns.join(', ')}).`,
    );
  }
  const cell = (name: string) => `cells[${columns.indexOf(name) + 1}]`;
  const column = (name: string) =>
    format.cells === 'libfm' && columns.indexOf(name) > 0 ? `split_part(${cell(name)}, ':', 1)` : cell(name);
  return {
    relation: `SELECT ${firstRow} + rowid AS row, string_split(line, ${literal(format.separator)}) AS cells FROM lines`,
    column,
    checks: formatChecks(format, columns, parseComparison(schema.label).column, cell),
    split,
  };
}

/** For an error of the reader itself: the line it names, in our words. Any other error stays as it is. */
export function explainReadError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  if (!/CSV|Invalid Input|IO Error/.test(error.message)) return error;
  const line = /CSV Error on Line: (\d+)/.exec(error.message)?.[1];
  const where = line === undefined ? `File '${path}'` : `File '${path}', line ${line}`;
  if (error.message.includes('Invalid unicode')) return new UserError(`${where}: this is not UTF-8 text.`);
  if (error.message.includes('invalid state')) {
    return new UserError(
      `${where}: the file mixes line ends (a carriage return without a line feed, or the like).`,
      'end every line with a line feed',
    );
  }
  return new UserError(`${where} cannot be read as lines of text: ${error.message.split('\n')[0]}`);
}

function formatChecks(
  format: TextFormat,
  columns: readonly string[],
  label: string,
  cell: (name: string) => string,
): RowCheck[] {
  const n = columns.length;
  const count = { place: '', valid: `coalesce(len(cells) = ${n}, false)`, expected: `${n} columns` };
  const labels = {
    place: `column '${label}'`,
    valid: `coalesce(${cell(label)} IN (${format.labels.map(literal).join(', ')}), false)`,
    expected: format.labels.join(' or '),
    found: cell(label),
  };
  const pairs = format.columns
    .filter((name) => format.cells === 'libfm' && name !== label)
    .map((name) => ({
      place: `column '${name}'`,
      valid: `coalesce(regexp_full_match(${cell(name)}, '[0-9]+:1'), false)`,
      expected: 'an id followed by :1',
      found: cell(name),
    }));
  return [{ ...count, found: 'coalesce(len(cells), 0)' }, labels, ...pairs];
}
