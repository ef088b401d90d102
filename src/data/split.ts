// Which split a row belongs to, and where in it: functions of the seed and the row number alone (or of a date, or
// of the file), as SQL. Row numbers count from 0 over the inputs in the order given.
//
//   hash      md5 of 'seed:row', 32 hexadecimal digits
//   order     the first 16 digits as a number; equal numbers are ordered by row
//   random    the last 8 digits as a number, mod 10: 0 to 7 train, 8 validation, 9 test
//   sampling  the 8 digits before those as a number: a training negative stays if it is below rate · 2^32
import type { SplitRule } from './datasets/dataset.js';
import { type SplitName, splitNames } from './manifest.js';

const hex = (hash: string, from: number, digits: number, type: string) =>
  `CAST('0x' || substr(${hash}, ${from}, ${digits}) AS ${type})`;

/** SQL of the 128-bit hash of a row. */
export function hashSql(seed: number, row: string): string {
  return `md5('${seed}:' || CAST(${row} AS VARCHAR))`;
}

/** SQL of the number that stored rows are sorted by (UBIGINT). */
export function orderSql(hash: string): string {
  return hex(hash, 1, 16, 'UBIGINT');
}

/** SQL of whether negative sampling at a rate keeps a row of training whose label is 0. */
export function keptSql(hash: string, rate: number): string {
  return `${hex(hash, 17, 8, 'UINTEGER')} < ${Math.round(rate * 2 ** 32)}`;
}

export interface SplitColumns {
  row: string;
  hash: string;
  /** The timestamp that `time` compares, and where validation and test begin. */
  time?: { sql: string; validation: string; test: string } | undefined;
  /** The split of the file being read, for `files`. */
  file?: SplitName | undefined;
}

const tenths = (n: string) => `CASE WHEN ${n} < 8 THEN 0 WHEN ${n} = 8 THEN 1 ELSE 2 END`;

const rules: Record<SplitRule, (columns: SplitColumns) => string> = {
  random: ({ hash }) => tenths(`${hex(hash, 25, 8, 'UINTEGER')} % 10`),
  modulus: ({ row }) => tenths(`${row} % 10`),
  time: ({ time }) =>
    time
      ? `CASE WHEN ${time.sql} < TIMESTAMP '${time.validation} 00:00:00' THEN 0
         WHEN ${time.sql} < TIMESTAMP '${time.test} 00:00:00' THEN 1 ELSE 2 END`
      : 'NULL',
  files: ({ file }) => (file ? String(splitNames.indexOf(file)) : 'NULL'),
};

/** SQL of the index of a row's split in `splitNames`. */
export function splitSql(rule: SplitRule, columns: SplitColumns): string {
  return rules[rule](columns);
}
