// What other values in a run's table cost: AUC and logloss of a split with the table as it was trained and with another
// in its place, over all rows and by tenths of them, from those whose features training saw least (decile-slicer.ts).
// Quantizers are the first to ask; what the other values are is not known here.
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { RowSource } from '../posttraining/quantizer.js';
import { type CheckpointName, RunDirectory } from '../runs/run-directory.js';
import { tableOffsets } from './blueprint.js';
import { type EvaluateOptions, evaluateOpened, type OpenedEvaluation, openForSplit } from './evaluate.js';
import { hasFeatureCounts } from './feature-counts.js';
import type { OpenedRun } from './open-run.js';
import { ReplacedTable, replacedBytes } from './replaced-table.js';
import { BY_DECILES } from './slices.js';
import { tableSource } from './table-source.js';
import { usedRows } from './used-rows.js';

/** What is scored, and with how many threads; see EvaluateOptions. */
export interface TableCostOptions {
  run: string;
  data: string;
  /** Default: test. */
  split?: string | undefined;
  /** Default: best. */
  checkpoint?: CheckpointName | undefined;
  threads?: number | undefined;
  memory?: number | undefined;
  ignoreLimits?: boolean | undefined;
  onProgress?: EvaluateOptions['onProgress'] | undefined;
  signal?: AbortSignal | undefined;
}

/** Metrics of some rows; null where they are undefined. */
export interface RowScores {
  readonly rows: number;
  readonly auc: number | null;
  readonly logloss: number | null;
}

/** Metrics of a split, and of its tenths, the rarest first; null where the data set has no training counts. */
export interface TableScores extends RowScores {
  readonly deciles: readonly (RowScores & { readonly name: string })[] | null;
}

/** A run in memory whose table can be replaced. */
export class TableCost {
  private replaced: ReplacedTable | undefined;

  private constructor(
    private readonly opened: OpenedEvaluation,
    private readonly options: EvaluateOptions,
  ) {}

  /**
   * Opens a run where there is room for its table and another one.
   *
   * @throws UserError when there is no such run or split, the data is not the run's, or memory is too small
   */
  static async open({
    onProgress,
    signal,
    threads,
    split,
    checkpoint,
    ...options
  }: TableCostOptions): Promise<TableCost> {
    const { config, run } = await RunDirectory.open(options.run);
    const [rows] = tableOffsets(config, run.dataset).slice(-1);
    const asked: EvaluateOptions = {
      ...options,
      ...(split !== undefined && { split }),
      ...(checkpoint && { checkpoint }),
      ...(threads !== undefined && { threads }),
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    };
    const opened = await openForSplit({ ...asked, by: BY_DECILES }, replacedBytes(config.model, rows));
    return new TableCost(opened, hasFeatureCounts(opened.dataset) ? { ...asked, by: BY_DECILES } : asked);
  }

  /** The run as it was trained. */
  get run(): OpenedRun {
    return this.opened.run;
  }

  get dataset(): EncodedDataset {
    return this.opened.dataset;
  }

  /** The rows of its table, as the network sees them. */
  get source(): RowSource {
    return tableSource(this.run.table);
  }

  /** Which rows of it the split looks up, ascending: the scores depend on these alone. */
  usedRows(): Promise<Uint32Array> {
    return usedRows(this.opened, this.options.split ?? 'test');
  }

  /** The scores of the table as it was trained. */
  score(): Promise<TableScores> {
    return this.scoreRun(this.run);
  }

  /** A table of the same shape, to be filled and scored; there is one, which the next caller gets again. */
  get replacement(): ReplacedTable {
    this.replaced ??= new ReplacedTable(this.run);
    return this.replaced;
  }

  /** The scores of what is in the replacement. */
  scoreReplacement(): Promise<TableScores> {
    return this.scoreRun(this.replacement.run);
  }

  private async scoreRun(run: OpenedRun): Promise<TableScores> {
    const { auc, logloss, rows, slices } = await evaluateOpened({ ...this.opened, run }, this.options);
    const deciles =
      slices?.slices.map((slice) => ({
        name: slice.name,
        rows: slice.rows,
        auc: slice.auc,
        logloss: slice.logloss,
      })) ?? null;
    return { rows, auc, logloss, deciles };
  }
}
