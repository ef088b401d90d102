// Raw files → the row table. A bad row is named by file, line and column; more of them than are tolerated end the
// work, the others are left out. A row keeps its number whether or not rows before it are bad, so leaving one out
// changes the split of no other.
import { UserError } from '../errors.js';
import { columnsOf } from '../schema/schema.js';
import type { Database } from './database.js';
import type { InputFile, RawFormat } from './datasets/dataset.js';
import { checkGzip } from './gzip.js';
import { faultOf, type RawPart, rawParts } from './raw-parts.js';
import { allChecks, insertRowsSql, type RowPlan } from './row-table.js';
import { explainReadError } from './text-lines.js';

export interface ReadOptions {
  database: Database;
  plan: RowPlan;
  format: RawFormat;
  /** At most this many rows of the file; may be infinite. */
  limit: number;
  skipped: SkippedRows;
  signal?: AbortSignal | undefined;
  onFraction: (fraction: number) => void;
}

/** Bad rows that were left out so far, in all files. */
export interface SkippedRows {
  /** How many may be. */
  tolerance: number;
  rows: number;
  /** The first of them: its file, and where in it what is wrong. */
  first: { path: string; says: string } | null;
}

/** Appends one file to the row table, whose first row gets the number `firstRow`. Gives the number of its rows, bad
 * ones included. */
export async function readFile(file: InputFile, firstRow: number, options: ReadOptions): Promise<number> {
  const { database, plan, limit, skipped, signal } = options;
  const { path } = file;
  const mayBreakOff = path.endsWith('.gz');
  let rows = 0;
  try {
    const parts = rawParts(file, options.format, {
      ...options,
      firstRow,
      schema: plan.schema,
      columns: [...new Set([...columnsOf(plan.schema), ...(plan.timeSplit ? [plan.timeSplit.column] : [])])],
      tolerance: skipped.tolerance - skipped.rows,
    });
    for await (const part of parts) {
      await database.run(insertRowsSql(plan, part.raw), options.onFraction);
      rows += await takeRows(file, part, options);
    }
    if (mayBreakOff && rows < limit) await checkGzip(path, signal);
  } catch (error) {
    // A file that breaks off also ends in half a line: name the cause, not what follows from it.
    if (mayBreakOff && !signal?.aborted) await checkGzip(path, signal);
    throw options.format.kind === 'parquet' ? error : explainReadError(path, error);
  }
  if (rows === 0) throw new UserError(`The input file '${path}' has no rows.`);
  return rows;
}

/** Counts the rows just added, and removes the bad ones, as far as they are tolerated. */
async function takeRows(file: InputFile, part: RawPart, options: ReadOptions): Promise<number> {
  const { database, skipped } = options;
  const [count] = await database.query(
    `SELECT count(*) AS rows, count(fault) AS bad, min(row) FILTER (fault IS NOT NULL) AS first
     FROM rows WHERE row >= ${part.firstRow}`,
  );
  const bad = Number(count?.bad ?? 0);
  if (bad > 0) {
    skipped.first ??= { path: file.path, says: await sentenceOf(Number(count?.first), part, options) };
    skipped.rows += bad;
    if (skipped.rows > skipped.tolerance) throw tooManyBad(skipped);
    await database.run('DELETE FROM rows WHERE fault IS NOT NULL');
  }
  return Number(count?.rows ?? 0);
}

function tooManyBad({ tolerance, first }: SkippedRows): UserError {
  const sentence = first ? sentenceAbout(first.path, first.says) : '';
  if (tolerance === 0)
    return new UserError(sentence, 'mend the row, or pass --skip-bad-rows N to leave out up to N');
  return new UserError(
    `More than ${tolerance} bad rows. The first: ${sentence}`,
    'mend them, or raise --skip-bad-rows',
  );
}

/** A sentence about a row of a file. */
export function sentenceAbout(path: string, says: string): string {
  return `File '${path}', ${says}`;
}

/** Where in its file a bad row stands, and what is wrong with it. */
async function sentenceOf(row: number, part: RawPart, { database, plan }: ReadOptions): Promise<string> {
  const [stored] = await database.query(`SELECT fault FROM rows WHERE row = ${row}`);
  const check = allChecks(plan, part.raw)[Number(stored?.fault)];
  if (!check) throw new Error(`Row ${row} has the unknown fault ${stored?.fault}.`);
  return faultOf(database, part, row, check);
}
