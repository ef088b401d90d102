// What `evaluate` is asked for beyond metrics of all rows: metrics by slice, AUC within groups, a file of predictions.
// It sees each batch as it is scored and keeps one number per row for each of them, never the batches.
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { defaultMemoryBytes } from '../data/memory-limit.js';
import type { RowFormat } from '../data/row-format.js';
import { type GroupedAuc, groupedAuc } from '../metrics/grouped-auc.js';
import { type SliceMetrics, sliceMetrics } from '../metrics/slice-metrics.js';
import { rowColumns } from '../schema/schema.js';
import type { DatasetShape } from './blueprint.js';
import { FieldColumn } from './field-column.js';
import { type PredictionColumns, writePredictions } from './prediction-file.js';
import { createSlicer, type Slicer } from './slices.js';

/** What is wanted; see EvaluateOptions, whose format is settled here. */
export interface RowWatchOptions {
  by?: string | undefined;
  top?: number | undefined;
  group?: string | undefined;
  predictions?: { path: string; format: RowFormat } | undefined;
  threads: number;
  signal?: AbortSignal | undefined;
}

/** One slice of the rows. */
export interface Slice extends SliceMetrics {
  readonly name: string;
}

/** What was asked for, and nothing else. */
export interface RowReport {
  /** By a field's name, `frequency` or `deciles`; every row is in exactly one slice. */
  readonly slices?: { readonly by: string; readonly slices: readonly Slice[] };
  /** AUC within the groups of a field's values, or within the data's own groups. */
  readonly grouped?: GroupedAuc & { readonly by: string };
  /** The file that was written. */
  readonly predictions?: string;
}

/** All rows of a split, scored. Weights and groups are null where rows have none. */
export interface ScoredRows {
  logits: Float32Array; // (rows)
  labels: Uint8Array; // (rows)
  weights: Float32Array | null; // (rows)
  groups: Uint32Array | null; // (rows), 0 is no group
}

/** Watches the batches of a split, in stored order. */
export class RowWatch {
  private constructor(
    private readonly options: RowWatchOptions,
    private readonly slicer: Slicer | undefined,
    private readonly groups: FieldColumn | undefined,
  ) {}

  /** @throws UserError for a field that does not exist */
  static async create(
    dataset: EncodedDataset,
    rows: number,
    { vocabularySizes, fieldVocabularies }: DatasetShape,
    options: RowWatchOptions,
  ): Promise<RowWatch> {
    const { by, top = 20, group } = options;
    const sizes = fieldVocabularies.map((vocabulary) => vocabularySizes[vocabulary]);
    const groups = group === undefined ? undefined : new FieldColumn(dataset, group, rows, sizes);
    const slicer = by === undefined ? undefined : await createSlicer({ dataset, rows, by, top, sizes });
    return new RowWatch(options, slicer, groups);
  }

  add(batch: Batch): void {
    this.slicer?.add(batch);
    this.groups?.add(batch);
  }

  /** All that was asked for, once every row was added. */
  async finish({ logits, labels, weights, groups: dataGroups }: ScoredRows): Promise<RowReport> {
    const { by, group, predictions } = this.options;
    const weighted = weights ?? undefined;
    const report: { -readonly [Key in keyof RowReport]: RowReport[Key] } = {};
    const columns: PredictionColumns = { logits, labels };
    if (by !== undefined && this.slicer) {
      const { names, slices } = await this.slicer.finish();
      const metrics = sliceMetrics(logits, labels, slices, names.length, weighted);
      report.slices = { by, slices: metrics.map((of, slice) => ({ name: names[slice], ...of })) };
      columns.slice = (row) => names[slices[row]];
    }
    if (group !== undefined && this.groups) {
      const { ids } = this.groups;
      // Id 0 is OOV, and no group: rows of values that training never saw have nothing in common.
      report.grouped = { by: group, ...groupedAuc(logits, labels, ids, weighted) };
      if (predictions !== undefined) {
        const name = await this.groups.names(new Set(ids));
        columns.group = (row) => name(ids[row]);
      }
    }
    if (group === undefined && dataGroups) {
      report.grouped = { by: rowColumns.group, ...groupedAuc(logits, labels, dataGroups, weighted) };
    }
    if (predictions !== undefined) {
      const { path, format } = predictions;
      const { threads, signal } = this.options;
      await writePredictions(path, columns, {
        format,
        threads,
        memoryBytes: defaultMemoryBytes() / 2,
        signal,
      });
      report.predictions = path;
    }
    return report;
  }
}
