// A small data set for tests that train: invented rows whose label depends on two of three fields, prepared by
// `prepare` as a user's would be.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../src/data/datasets/dataset.js';
import { prepare } from '../src/data/prepare.js';

const column = (name: string) => ({ name, value: { kind: 'column' as const, column: name } });

const toy: Dataset & { name: string } = {
  name: 'toy',
  summary: 'invented rows',
  schema: { label: 'click = 1', fields: ['user', 'item', 'hour'].map(column) },
  format: {
    kind: 'text',
    separator: ',',
    header: true,
    columns: ['click', 'user', 'item', 'hour'],
    cells: 'plain',
    labels: ['0', '1'],
  },
  minCount: 2,
  splits: ['modulus', 'random'],
  inputs: (paths) => paths.map((path) => ({ path })),
};

export interface ToyOptions {
  rows: number;
  /** The label of a row; by default it depends on user and item. */
  label?: (user: number, item: number, row: number) => boolean;
  /** How many users there are. */
  users?: number;
  /** Its name in the folder. */
  name?: string;
  /** The encoded data set whose ids stay. */
  extend?: string;
}

/** Writes the raw rows into `folder` and prepares them there. @returns the directory of the encoded data set */
export async function prepareToy(
  folder: string,
  { rows, label = likes, users = 60, name = 'data', extend }: ToyOptions,
): Promise<string> {
  const lines = ['click,user,item,hour'];
  for (let row = 0; row < rows; row++) {
    const user = scatter(row, 1) % users;
    const item = scatter(row, 2) % 40;
    lines.push(`${label(user, item, row) ? 1 : 0},u${user},i${item},${scatter(row, 3) % 24}`);
  }
  const input = join(folder, 'rows.csv');
  writeFileSync(input, `${lines.join('\n')}\n`);
  const out = join(folder, name);
  await prepare({ dataset: toy, input: [input], out, extend, threads: 1 });
  return out;
}

function likes(user: number, item: number, row: number): boolean {
  return scatter(row, 4) % 10 < 2 + (user % 3 === 0 ? 3 : 0) + (item % 2 === 0 ? 3 : 0);
}

/** A number that looks random: one of 2^32, by row and stream. */
export function scatter(row: number, stream: number): number {
  let x = Math.imul(row * 8 + stream, 0x9e3779b1) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}
