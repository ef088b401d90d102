// The three files of MovieLens as one relation: each rating joined with its user and its film. The ratings are read
// like any TSV; users and films are few, and stand in tables.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { literal } from '../schema/sql.js';
import { csvParts, requireColumns } from './csv-parts.js';
import type { Database } from './database.js';
import type { InputFile } from './datasets/dataset.js';
import { genres } from './datasets/movielens.js';
import type { PartOptions, RawPart } from './raw-parts.js';

const ratingColumns = ['user', 'item', 'rating', 'timestamp'];
const userColumns = ['age', 'gender', 'occupation', 'zip'];
const itemColumns = ['genres', 'year'];

/** The pieces of u.data, with the columns of all three files. @throws UserError for a damaged u.item or u.user,
 * or a column that none of them has */
export async function* movielensParts(
  { path, beside }: InputFile,
  options: PartOptions,
): AsyncGenerator<RawPart> {
  const { database } = options;
  requireColumns(path, [...ratingColumns, ...userColumns, ...itemColumns], options.columns, 'a rating has');
  const users = readTable(beside?.users ?? '', 5, 'utf8');
  await createTable(database, 'users', ['id', ...userColumns], users);
  const items = readTable(beside?.items ?? '', 5 + genres.length, 'latin1').map(
    ([id, , released, , , ...flags]) => [
      String(id),
      genres.filter((_, i) => flags[i] === '1').join('|'),
      /-(\d{4})$/.exec(released ?? '')?.[1] ?? '',
    ],
  );
  await createTable(database, 'items', ['id', ...itemColumns], items);
  const format = { kind: 'csv', separator: '\t', columns: ratingColumns, quotes: 'none' } as const;
  for await (const part of csvParts(path, format, { ...options, columns: [] })) {
    const { raw } = part;
    const [user, item] = [raw.column('user'), raw.column('item')];
    const relation = `SELECT ratings.*, users.* EXCLUDE (id), items.* EXCLUDE (id), users.id AS user_id, items.id AS item_id
      FROM (${raw.relation}) AS ratings LEFT JOIN users ON users.id = ${user} LEFT JOIN items ON items.id = ${item}`;
    const known = (name: string, file: string, column: string) => ({
      place: `column '${name}'`,
      valid: `${column} IS NOT NULL`,
      expected: `one of ${file}`,
      found: raw.column(name),
    });
    const checks = [...raw.checks, known('user', 'u.user', 'user_id'), known('item', 'u.item', 'item_id')];
    const column = (name: string) => (ratingColumns.includes(name) ? raw.column(name) : name);
    yield { ...part, raw: { ...raw, relation, column, checks } };
  }
}

/** The cells of a small file whose lines are cells between |. */
function readTable(path: string, columns: number, encoding: 'utf8' | 'latin1'): string[][] {
  let bytes = readFileSync(path);
  if (path.endsWith('.gz')) {
    try {
      bytes = gunzipSync(bytes);
    } catch {
      throw new UserError(`File '${path}' is damaged or cut short.`, 'copy or download it again');
    }
  }
  const lines = bytes
    .toString(encoding)
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  return lines.map((line, i) => {
    const cells = line.split('|');
    if (cells.length === columns) return cells;
    throw new UserError(`File '${path}', line ${i + 1}: found ${cells.length}, expected ${columns} columns.`);
  });
}

async function createTable(
  database: Database,
  name: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`);
  await database.run(
    `CREATE OR REPLACE TABLE ${name} AS SELECT DISTINCT ON (id) * FROM (VALUES ${values.join(', ')}) AS t(${columns.join(', ')})`,
  );
}
