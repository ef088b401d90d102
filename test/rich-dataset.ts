// A small data set with everything a row may carry beside its fields: bags (tags, seen) of which one shares its
// vocabulary with a plain field, numbers, a weight and a group. Its label depends on all inputs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../src/data/datasets/dataset.js';
import { type PrepareOptions, prepare } from '../src/data/prepare.js';
import type { Schema } from '../src/schema/schema.js';
import { scatter } from './toy-dataset.js';

const column = (name: string) => ({ kind: 'column' as const, column: name });
const split = (name: string) => ({ kind: 'split' as const, of: column(name), separator: '|' });

/** Fields of the rich data set; a test may take some of them. */
export const richFields = {
  user: { name: 'user', value: column('user') },
  item: { name: 'item', vocabulary: 'items', value: { kind: 'lower' as const, of: column('item') } },
  seen: { name: 'seen', vocabulary: 'items', value: split('seen'), pooling: 'sum' as const },
  tags: { name: 'tags', value: split('tags') },
};

export const richSchema: Schema = {
  label: 'click = 1',
  fields: Object.values(richFields),
  numbers: [
    { name: 'price', column: 'price', transform: 'log' },
    { name: 'age', column: 'age' },
  ],
  weight: 'weight',
  group: 'user',
};

export const richColumns = ['click', 'user', 'item', 'seen', 'tags', 'price', 'age', 'weight'];

export const richData: Dataset & { name: string } = {
  name: 'rich',
  summary: 'invented rows',
  schema: richSchema,
  format: {
    kind: 'text',
    separator: ',',
    header: true,
    columns: richColumns,
    cells: 'plain',
    labels: ['0', '1'],
  },
  minCount: 2,
  splits: ['modulus', 'random'],
  inputs: (paths) => paths.map((path) => ({ path })),
};

/** The cells of a row, in the order of the columns. */
export function richRow(row: number): string[] {
  const draw = (stream: number, bound: number) => scatter(row, stream) % bound;
  const item = draw(2, 40);
  const list = (stream: number, bound: number, longest: number) =>
    Array.from({ length: draw(stream, longest + 1) }, (_, i) => draw(stream + 1 + i, bound));
  const [seen, tags] = [list(10, 40, 4), list(20, 12, 6)];
  const price = draw(3, 5) === 0 ? null : draw(4, 1000);
  const age = draw(5, 60);
  const chance =
    1 + (item % 2) * 2 + (seen.includes(item) ? 2 : 0) + (tags.includes(3) ? 2 : 0) + (age > 30 ? 2 : 0);
  return [
    draw(6, 10) < chance ? '1' : '0',
    draw(1, 25) === 0 ? '' : `u${draw(1, 25)}`,
    `I${item}`,
    seen.map((id) => `i${id}`).join('|'),
    tags.map((id) => `t${id}`).join('|'),
    price === null ? '' : String(price),
    String(age),
    ['1', '2', '0.5'][draw(7, 3)],
  ];
}

export interface RichOptions extends Omit<Partial<PrepareOptions>, 'schema' | 'rows'> {
  /** Raw rows. */
  rows: number;
  schema?: Schema;
  /** The cells of a row, see `richRow`. */
  row?: (row: number) => string[];
}

/** Writes the raw rows into `folder` and prepares them there. @returns the directory of the encoded data set */
export async function prepareRich(folder: string, options: RichOptions): Promise<string> {
  const { rows, schema = richSchema, row = richRow, ...others } = options;
  const lines = [richColumns, ...Array.from({ length: rows }, (_, i) => row(i))].map((cells) =>
    cells.join(','),
  );
  const input = join(folder, 'rich.csv');
  writeFileSync(input, `${lines.join('\n')}\n`);
  const out = others.out ?? join(folder, 'rich');
  await prepare({ dataset: { ...richData, schema }, input: [input], threads: 1, ...others, out });
  return out;
}
