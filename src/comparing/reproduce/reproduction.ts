// What a reproduction is: one table or figure of a paper, made on whatever prepared data it is given. To add one: a file
// that exports a Reproduction, and a line in registry.ts.
import type { Comparison } from '../../reports/comparison.js';
import type { VariantSpec } from '../variants.js';
import type { Page } from './page.js';
import type { ChosenSettings } from './paper-row.js';

/** Options that some of them read. */
export const ownOptions = ['clips', 'dataThreshold', 'dims', 'quantizers'] as const;

export interface Reproduction {
  /** One line for `--help`. */
  summary: string;
  /** Whether it trains on data; the others are computed. */
  needsData: boolean;
  /** The paper's rows it can be limited to; none: it cannot. */
  rows: readonly string[];
  /** Options it reads beside those of every training; a computed one reads none. */
  options: readonly (typeof ownOptions)[number][];
  make(request: ReproductionRequest): Promise<Page>;
}

export interface ReproductionRequest {
  /** Directory of an encoded data set; empty where none is needed. */
  data: string;
  /** The same rows, prepared at the lower threshold of table 3. */
  dataThreshold: string | null;
  settings: ChosenSettings;
  /** Rows of the table, by the paper's names; null: all. */
  rows: readonly string[] | null;
  /** Clips of LPT to choose from by validation; null: the configuration's. */
  clips: readonly number[] | null;
  /** Widths of embeddings; null: the reproduction's. */
  dims: readonly number[] | null;
  /** Ways to quantize, such as `minmax:4:fp16`; null: the reproduction's. */
  quantizers: readonly string[] | null;
  /** The command that repeats it. */
  command: string;
  /** Trains variants with every seed, as far as that has not been done. */
  measure(data: string, variants: readonly VariantSpec[], options?: MeasureOptions): Promise<Comparison>;
  /** What is made of trained runs, in a folder beside theirs. */
  afterwards: Afterwards;
}

export interface MeasureOptions {
  /** Keeps cells of other data apart, and those whose weights are kept. */
  folder?: string;
  keepRuns?: boolean;
}

/** What work on trained runs needs to know. */
export interface Afterwards {
  /** Directory of the pages. */
  out: string;
  seeds: readonly number[];
  threads: number | undefined;
  ignoreLimits: boolean | undefined;
  onProgress: ((progress: { stage: string; done: number; total: number }) => void) | undefined;
  signal: AbortSignal | undefined;
}
