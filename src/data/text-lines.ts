// A text file as numbered lines, and a line as columns: the SQL for both, and the sentences for files whose lines
// cannot even be read. Nothing is quoted or escaped in these formats, and no line may be blank.
import { UserError } from '../errors.js';
import { parseComparison } from '../schema/comparison.js';
import type { Schema } from '../schema/schema.js';
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

/**
 * The rows of a text file, from the table `lines`.
 *
 * @param firstLine of the file: the header, where the format has one
 * @param needed the columns that must be there; the label is checked where it is one of them
 * @throws UserError when the header lacks a column
 */
export function lineRows(
  path: string,
  format: TextFormat,
  firstLine: string,
  schema: Schema,
  needed: readonly string[],
  firstRow: number,
  split: SplitName | undefined,
): RawRows {
  const label = parseComparison(schema.label).column;
  const columns = columnsIn(format, firstLine, needed.includes(label) ? null : label);
  for (const name of needed) {
    if (columns.includes(name)) continue;
    throw new UserError(
      `File '${path}', line 1: the header has no column '${name}' (it has: ${columns.join(', ')}).`,
    );
  }
  const cell = (name: string) => `cells[${columns.indexOf(name) + 1}]`;
  const column = (name: string) =>
    format.cells === 'libfm' && name !== label ? `split_part(${cell(name)}, ':', 1)` : cell(name);
  return {
    relation: `SELECT ${firstRow} + rowid AS row, string_split(line, ${literal(format.separator)}) AS cells FROM lines`,
    column,
    checks: formatChecks(format, columns, label, needed.includes(label), cell),
    split,
  };
}

/** The columns of a file. Without a header, rows to be scored may come without the column `absent`, the label's. */
function columnsIn(format: TextFormat, firstLine: string, absent: string | null): readonly string[] {
  const cells = firstLine.split(format.separator);
  if (format.header) return cells;
  const others = format.columns.filter((name) => name !== absent);
  return cells.length === others.length ? others : format.columns;
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
  hasLabel: boolean,
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
  return [{ ...count, found: 'coalesce(len(cells), 0)' }, ...(hasLabel ? [labels] : []), ...pairs];
}
