// Raw files → the row table. A bad row is named by file, line and column. Nothing is skipped: the first bad row ends
// the work.
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
  signal?: AbortSignal | undefined;
  onFraction: (fraction: number) => void;
}

/** Appends one file to the row table, whose first row gets the number `firstRow`. Gives the number of its rows. */
export async function readFile(file: InputFile, firstRow: number, options: ReadOptions): Promise<number> {
  const { database, plan, format, limit, signal } = options;
  const { path } = file;
  const mayBreakOff = path.endsWith('.gz');
  let rows = 0;
  try {
    const needed = columnsOf(plan.schema);
    for await (const part of rawParts(file, format, {
      ...options,
      firstRow,
      schema: plan.schema,
      columns: needed,
    })) {
      await database.run(insertRowsSql(plan, part.raw), options.onFraction);
      rows += await checkRows(file, part, options);
    }
    if (mayBreakOff && rows < limit) await checkGzip(path, signal);
  } catch (error) {
    // A file that breaks off also ends in half a line: name the cause, not what follows from it.
    if (mayBreakOff && !signal?.aborted) await checkGzip(path, signal);
    throw format.kind === 'parquet' ? error : explainReadError(path, error);
  }
  if (rows === 0) throw new UserError(`The input file '${path}' has no rows.`);
  return rows;
}

/** Counts the rows just added and names the first bad one, if there is one. */
async function checkRows(
  { path }: InputFile,
  { raw, firstRow, place }: RawPart,
  { database, plan }: ReadOptions,
): Promise<number> {
  const [count] = await database.query(
    `SELECT count(*) AS rows, min(row) FILTER (fault IS NOT NULL) AS bad FROM rows WHERE row >= ${firstRow}`,
  );
  if (count?.bad === null || count === undefined) return Number(count?.rows ?? 0);
  const bad = Number(count.bad);
  const [row] = await database.query(`SELECT fault FROM rows WHERE row = ${bad}`);
  const check = allChecks(plan, raw)[Number(row?.fault)];
  if (!check) throw new Error(`Row ${bad} has the unknown fault ${row?.fault}.`);
  throw await faultOf(database, path, await place(bad), bad, raw, check);
}
