// MovieLens 100K: will this user like this film? A folder with u.data (user, item, rating, time), u.item (title, date
// of release, 19 flags for genres; Latin-1) and u.user (age, gender, occupation, zip), each also as .gz. A row is a
// rating with what is known of its user and its film; the genres are one text, their names between |.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import type { Field } from '../../schema/schema.js';
import type { TimePart } from '../../schema/transformation.js';
import type { Dataset, InputFile } from './dataset.js';
import { givenFolder, requireFile } from './inputs.js';

/** In the order of the flags in u.item. */
export const genres = [
  ...['unknown', 'Action', 'Adventure', 'Animation', "Children's", 'Comedy', 'Crime', 'Documentary', 'Drama'],
  ...[
    'Fantasy',
    'Film-Noir',
    'Horror',
    'Musical',
    'Mystery',
    'Romance',
    'Sci-Fi',
    'Thriller',
    'War',
    'Western',
  ],
];

const column = (name: string): Field => ({ name, value: { kind: 'column', column: name } });
const time = (part: TimePart): Field => ({
  name: part,
  value: { kind: 'time', column: 'timestamp', format: 'unix-seconds', zone: 'UTC', part },
});

export const movielens: Dataset = {
  summary: 'MovieLens 100K, a folder with u.data, u.item and u.user: rated 4 or 5?',
  schema: {
    label: 'rating >= 4',
    fields: [
      ...['user', 'item', 'age', 'gender', 'occupation', 'zip'].map(column),
      { name: 'genres', value: { kind: 'split', of: { kind: 'column', column: 'genres' }, separator: '|' } },
      column('year'),
      time('hour'),
      time('weekday'),
    ],
  },
  format: { kind: 'movielens' },
  minCount: 1,
  splits: ['random', 'modulus'],
  inputs,
};

function inputs(paths: readonly string[]): InputFile[] {
  const folder = givenFolder('movielens', paths, 'u.data, u.item and u.user');
  const [data, items, users] = ['u.data', 'u.item', 'u.user'].map((name) => {
    const path = [name, `${name}.gz`].map((file) => join(folder, file)).find(existsSync);
    if (path === undefined) throw new UserError(`The folder '${folder}' has no ${name} or ${name}.gz.`);
    requireFile(path);
    return path;
  });
  return [{ path: String(data), beside: { items: String(items), users: String(users) } }];
}
