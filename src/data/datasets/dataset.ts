// What a data set states of itself: its schema, how its files are written, and what its options are by default.
// How that becomes an encoded data set is the same for all of them (data/prepare.ts).
import type { Schema } from '../../schema/schema.js';
import type { TimeFormat } from '../../schema/transformation.js';
import type { SplitName } from '../manifest.js';

/** Files whose every line is a row: UTF-8, each also as .gz, nothing quoted or escaped. */
export interface TextFormat {
  kind: 'text';
  separator: string;
  /** Whether the first line names the columns. Without a header the columns are `columns`, in this order. */
  header: boolean;
  columns: readonly string[];
  /** A libFM cell is `id:1`, whose value is the id. The first column, the label, is a plain cell. */
  cells: 'plain' | 'libfm';
  /** What the label column may hold. */
  labels: readonly string[];
}

/** CSV and TSV: UTF-8, each also as .gz; values may be quoted by RFC 4180, line breaks in them included. */
export interface CsvFormat {
  kind: 'csv';
  /** One character. Default: a tab for files named .tsv or .tab, else what separates the first line. */
  separator?: string | undefined;
  /** The columns in their order, for files without a header. Default: the first line names them. */
  columns?: readonly string[] | undefined;
  /** `none`: a quote is a character like any other, and a record is a line. */
  quotes: 'double' | 'none';
}

export interface ParquetFormat {
  kind: 'parquet';
}

/** The three files of MovieLens 100K, see movielens.ts. */
export interface MovielensFormat {
  kind: 'movielens';
}

export type RawFormat = TextFormat | CsvFormat | ParquetFormat | MovielensFormat;

/** The rule `time`: rows before the day `validation` are train, those from the day `test` on are test. */
export interface TimeSplit {
  column: string;
  /** How the column is written. Default: timestamp. */
  format?: TimeFormat | undefined;
  /** YYYY-MM-DD. */
  validation: string;
  test: string;
}

/** One file to read. Its rows belong to `split` where the files themselves are the splits. */
export interface InputFile {
  path: string;
  split?: SplitName;
  /** Files that belong to its rows, where a row is put together from several. */
  beside?: Readonly<Record<string, string>>;
}

export const splitRules = ['random', 'modulus', 'time', 'files'] as const;
/** random: 8:1:1 by a hash of the row number; modulus: row number mod 10; time: by date; files: as the files say. */
export type SplitRule = (typeof splitRules)[number];

export interface Dataset {
  /** One line for the command line's help. */
  summary: string;
  schema: Schema;
  format: RawFormat;
  /** Threshold: a value seen less often is OOV. */
  minCount: number;
  /** The rules that make sense for it, its default first. */
  splits: readonly [SplitRule, ...SplitRule[]];
  /** Stated by those that know the rule `time`. */
  timeSplit?: TimeSplit;
  /** The files to read, from --input (empty if there was none). @throws UserError naming what is missing. */
  inputs(paths: readonly string[]): InputFile[];
}
