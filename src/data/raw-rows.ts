// Raw files as rows for the row functions: the same relations that `prepare` reads, streamed as texts in the order of
// the files. A row that its format refuses ends the reading with the sentence that `prepare` has for it; what the
// schema refuses is the row functions' to say. The label may be absent.
import { UserError } from '../errors.js';
import type { Schema } from '../schema/schema.js';
import type { Database } from './database.js';
import type { InputFile, RawFormat } from './datasets/dataset.js';
import { checkGzip } from './gzip.js';
import { faultOf, type PartOptions, type RawPart, rawParts } from './raw-parts.js';
import { sentenceAbout } from './read.js';
import { explainReadError } from './text-lines.js';

/** Some thousand consecutive rows of one file. */
export interface RawRowBlock {
  rows: number;
  /** Number of the first of them, counted from 0 over all files. */
  firstRow: number;
  /** Rows that are known to exist, these and what follows included. */
  found: number;
  /** The cells as texts, by column: (rows) each, null for NULL. */
  columns: ReadonlyMap<string, readonly (string | null)[]>;
  /** File and place of the row with this number, for a sentence. */
  place: (row: number) => Promise<string>;
}

export interface RawRowsOptions {
  database: Database;
  schema: Schema;
  /** The columns to read. */
  columns: readonly string[];
  signal?: AbortSignal | undefined;
}

/** Streams the rows of files. @throws UserError for a file or a row that cannot be read, or a column that lacks */
export async function* readRawRows(
  files: readonly InputFile[],
  format: RawFormat,
  options: RawRowsOptions,
): AsyncGenerator<RawRowBlock> {
  let firstRow = 0;
  for (const file of files) {
    const { path } = file;
    const mayBreakOff = path.endsWith('.gz');
    let rows = 0;
    try {
      const given = {
        ...options,
        firstRow,
        limit: Number.POSITIVE_INFINITY,
        tolerance: 0,
        onFraction: () => {},
      };
      for await (const part of rawParts(file, format, given)) {
        for await (const block of blocksOf(path, part, given)) {
          rows += block.rows;
          yield block;
        }
      }
      if (mayBreakOff) await checkGzip(path, options.signal);
    } catch (error) {
      // As in read.ts: name the cause, not what follows from it.
      if (mayBreakOff && !options.signal?.aborted) await checkGzip(path, options.signal);
      throw format.kind === 'parquet' ? error : explainReadError(path, error);
    }
    if (rows === 0) throw new UserError(`The input file '${path}' has no rows.`);
    firstRow += rows;
  }
}

async function* blocksOf(
  path: string,
  part: RawPart,
  { database, columns: names }: PartOptions,
): AsyncGenerator<RawRowBlock> {
  const { raw, firstRow, place } = part;
  const faults = raw.checks.map(({ valid }, i) => `WHEN NOT (${valid}) THEN ${i}`);
  const fault = faults.length > 0 ? `CASE ${faults.join(' ')} END` : 'NULL';
  const cells = names.map((name, i) => `${raw.column(name)} AS c${i}`);
  const sql = `SELECT row, ${fault} AS fault, ${cells.join(', ')} FROM (${raw.relation})`;
  const [counted] = await database.query(`SELECT count(*) AS rows FROM (${raw.relation})`);
  const found = firstRow + Number(counted?.rows);
  for await (const [numbers, faulty, ...texts] of database.stream(sql)) {
    const at = faulty.findIndex((index) => index !== null);
    if (at >= 0) {
      const row = Number(numbers[at]);
      const says = await faultOf(database, part, row, raw.checks[Number(faulty[at])]);
      throw new UserError(sentenceAbout(path, says));
    }
    yield {
      rows: numbers.length,
      firstRow: Number(numbers[0]),
      found,
      columns: new Map(names.map((name, i) => [name, texts[i] as (string | null)[]])),
      place: async (row) => `File '${path}', ${await place(row)}`,
    };
  }
}
