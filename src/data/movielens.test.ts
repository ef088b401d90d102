// MovieLens as rows: each rating with its user and its film, from invented files in the same formats, and from the real
// ones where they are.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../test/fixtures/invented-files.js';
import { columnsOf } from '../schema/schema.js';
import { identifier } from '../schema/sql.js';
import { type Database, openDatabase } from './database.js';
import { genres, movielens } from './datasets/movielens.js';
import { prepare } from './prepare.js';
import { rawParts } from './raw-parts.js';

const folder = testFolder();
let database: Database;
beforeAll(async () => {
  folder.write('database/x', '');
  database = await openDatabase({ directory: folder.path('database'), threads: 2, memoryBytes: 5e8 });
});
afterAll(() => {
  database.close();
  folder.remove();
});

/** All rows as texts, in their order, with whether each is good. */
async function read(path: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  const { schema, format } = movielens;
  const columns = columnsOf(schema);
  for (const file of movielens.inputs([path])) {
    const options = {
      database,
      schema,
      columns,
      firstRow: 0,
      limit: 1e9,
      tolerance: 1e9,
      onFraction: () => {},
    };
    for await (const { raw } of rawParts(file, format, options)) {
      const cells = columns.map((name) => `${raw.column(name)} AS ${identifier(name)}`);
      const good = raw.checks.map(({ valid }) => `(${valid})`).join(' AND ');
      rows.push(
        ...(await database.query(
          `SELECT ${cells.join(', ')}, ${good} AS good FROM (${raw.relation}) ORDER BY row`,
        )),
      );
    }
  }
  return rows;
}

const flags = (...names: string[]) => genres.map((name) => (names.includes(name) ? 1 : 0)).join('|');
const items = [
  `1|Ämne (1995)|01-Jan-1995||http://x|${flags('Comedy', 'War')}`,
  `2|unknown||||${flags('unknown')}`,
  `3|None (1950)|22-Feb-1950|||${flags()}`,
].join('\n');
const users = '1|24|M|technician|85711\n2|53|F|other|T8H1N';
const ratings = '1\t1\t4\t881250949\n2\t2\t3\t881250949\n2\t3\t5\t0\n9\t1\t5\t0\n1\t9\t5\t0\n1\t1\t5\n';

test('a rating has its user and its film', async () => {
  folder.write('ml/u.data', ratings);
  folder.write('ml/u.item.gz', gzipSync(Buffer.from(items, 'latin1')));
  folder.write('ml/u.user', `${users}\n`);
  const rows = await read(folder.path('ml'));
  const common = { timestamp: '881250949', good: true };
  expect(rows.slice(0, 3)).toEqual([
    {
      ...common,
      ...{
        rating: '4',
        user: '1',
        item: '1',
        age: '24',
        gender: 'M',
        occupation: 'technician',
        zip: '85711',
      },
      ...{ genres: 'Comedy|War', year: '1995' },
    },
    {
      ...common,
      ...{ rating: '3', user: '2', item: '2', age: '53', gender: 'F', occupation: 'other', zip: 'T8H1N' },
      ...{ genres: 'unknown', year: '' },
    },
    {
      ...{
        good: true,
        rating: '5',
        user: '2',
        item: '3',
        age: '53',
        gender: 'F',
        occupation: 'other',
        zip: 'T8H1N',
      },
      ...{ genres: '', year: '1950', timestamp: '0' },
    },
  ]);
  // A user and a film that nobody knows, and a line that is too short.
  expect(rows.slice(3).map(({ good }) => good)).toEqual([false, false, false]);
});

test('a damaged film and a missing file are named', async () => {
  folder.write('bad/u.data', ratings);
  folder.write('bad/u.user', users);
  await expect(read(folder.path('bad'))).rejects.toThrow(/has no u\.item or u\.item\.gz/);
  folder.write('bad/u.item', `${items}\n4|short\n`);
  await expect(read(folder.path('bad'))).rejects.toThrow(/u\.item', line 4: found 2, expected 24 columns/);
  await expect(prepare({ dataset: 'movielens', input: [], out: folder.path('out') })).rejects.toThrow();
});

test('the real files', async (context) => {
  const path = fileURLToPath(new URL('../../../../shared/data/ml-100k', import.meta.url));
  if (!existsSync(path)) context.skip('ml-100k is not there');
  const rows = await read(path);
  expect(rows).toHaveLength(100_000);
  expect(rows.every(({ good }) => good)).toBe(true);
  expect(rows.filter(({ rating }) => Number(rating) >= 4).length).toBe(55_375);
  expect(new Set(rows.flatMap((row) => String(row.genres).split('|'))).size).toBe(19);
});
