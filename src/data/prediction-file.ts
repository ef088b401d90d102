// The file that `predict` writes: a row for each raw row, in their order, with its number, probability and logit, and
// the columns that were asked to be kept, as texts. Rows are gathered out of core and written at the end, beside the
// file's place; DuckDB writes all three formats.
import { existsSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '../errors.js';
import { identifier, literal } from '../schema/sql.js';
import type { Database } from './database.js';

const copyOptions = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER true',
  jsonl: 'FORMAT json',
} as const satisfies Record<string, string>;
export type PredictionFormat = keyof typeof copyOptions;
export const predictionFormats = Object.keys(copyOptions) as PredictionFormat[];

/** The columns that are always there. */
const ownColumns = ['row', 'probability', 'logit'];

/** The format of a file's name; Parquet where it tells nothing. */
export function formatOfName(path: string): PredictionFormat {
  const extension = extname(path).slice(1).toLowerCase();
  return predictionFormats.find((format) => format === extension) ?? 'parquet';
}

/** @throws UserError when a kept column would have the name of another, or the file exists and may not be replaced */
export function checkPredictionFile(path: string, keep: readonly string[], force: boolean): void {
  for (const [i, name] of keep.entries()) {
    const taken = [...ownColumns, ...keep.slice(0, i)].find(
      (other) => other.toLowerCase() === name.toLowerCase(),
    );
    if (taken)
      throw new UserError(
        `The column '${name}' cannot be kept: the output has a column '${taken}'.`,
        undefined,
        2,
      );
  }
  if (!existsSync(path)) return;
  if (!statSync(path).isFile()) throw new UserError(`The output '${path}' exists and is no file.`);
  if (!force) {
    throw new UserError(
      `The output '${path}' exists.`,
      'choose another --out, or pass --force to replace it',
    );
  }
}

/** Gathers predictions, then writes them. */
export class PredictionFile {
  private constructor(
    private readonly database: Database,
    private readonly directory: string,
  ) {}

  /** @param directory for work, on the file system of the output; removed by the caller */
  static async create(
    database: Database,
    directory: string,
    keep: readonly string[],
  ): Promise<PredictionFile> {
    const kept = keep.map((name) => `, ${identifier(name)} VARCHAR`);
    await database.run(`CREATE TABLE predictions (probability FLOAT, logit FLOAT${kept.join('')})`);
    return new PredictionFile(database, directory);
  }

  /** Appends the next rows: probabilities, logits and kept texts, (rows) each. */
  append(
    probabilities: Float32Array,
    logits: Float32Array,
    kept: readonly (readonly (string | null)[])[],
  ): Promise<void> {
    return this.database.append('predictions', [[...probabilities], [...logits], ...kept]);
  }

  /** Writes the file and moves it into place. */
  async finish(path: string, format: PredictionFormat): Promise<void> {
    const aside = join(this.directory, 'predictions');
    await this.database.run(
      `COPY (SELECT rowid AS row, * FROM predictions) TO ${literal(aside)} (${copyOptions[format]})`,
    );
    await rename(aside, path);
  }
}
