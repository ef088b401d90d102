// The numbers of a split's rows in stored order, as data/split.ts states it: by md5 of 'seed:row'.
import { createHash } from 'node:crypto';

/** Rows 0 … n − 1 that `isIn` takes, in the order of the file of their split. */
export function storedRows(n: number, isIn: (row: number) => boolean, seed = 1): number[] {
  const key = (row: number) => createHash('md5').update(`${seed}:${row}`).digest('hex').slice(0, 16);
  const keyed = Array.from({ length: n }, (_, row) => row)
    .filter(isIn)
    .map((row) => ({ row, key: key(row) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}
