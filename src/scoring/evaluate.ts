// `evaluate`: a run's metrics on a split, and what was asked for of its rows (row-watch.ts).
import { availableParallelism } from 'node:os';
import { splitOf } from '../batch/split-file.js';
import { windowBytes } from '../batch/window-bytes.js';
import { mostIdsOf } from '../data/bags.js';
import { type EncodedDataset, loadDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { requireFreeFile } from '../data/output-file.js';
import { type RowFormat, rowFormatOf } from '../data/row-format.js';
import { type Metrics, Scores } from '../metrics/scores.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { checkThreads } from '../team/team.js';
import { isBundle } from './bundle/bundle-file.js';
import { openBundle } from './bundle/open-bundle.js';
import { type OpenedRun, openRun, requireSameData } from './open-run.js';
import { type RowReport, RowWatch } from './row-watch.js';
import { scoreSplit } from './score-split.js';
import { startScoring } from './scoring-engine.js';
import { modelOfRun, type ScoringModel } from './scoring-model.js';

/** What to score, and with how many threads. */
export interface EvaluateOptions {
  /** Directory of a run or a bundle. */
  run: string;
  /** Directory of the dataset the run was trained on, or of one that extends it: values it does not know are OOV. */
  data: string;
  /** Default: test. */
  split?: string;
  /** Model of the best epoch (default) or of the last one. */
  checkpoint?: CheckpointName;
  /** Default: all processors. The result does not depend on it. */
  threads?: number;
  /** Metrics by slice too: of a field's values, by `frequency` (frequency-slices.ts) or `deciles` (decile-slicer.ts). */
  by?: string | undefined;
  /** Values of a field that get a slice of their own; default 20. */
  top?: number | undefined;
  /** A field by whose values the AUC is taken too: its mean within groups. Rows with OOV there are in no group. */
  group?: string | undefined;
  /** A file to write every row's prediction to (prediction-file.ts). */
  predictions?: string | undefined;
  /** Of the predictions file. Default: by its extension, .csv, .jsonl or .parquet. */
  format?: RowFormat | undefined;
  /** Replace a predictions file that exists. */
  force?: boolean | undefined;
  /** Rows that are scored together. */
  batchRows?: number;
  /** Bytes that are free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Goes on even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
  onProgress?: (progress: { done: number; total: number }) => void;
  signal?: AbortSignal;
}

/** A scored row's logit, label, weight and group, and what slices and metrics keep of it. */
const ROW_BYTES = 40;

/** Training counts of all features and what slices make of them, where slices go by frequency. */
function countBytes({ vocabularies }: Manifest, by: string | undefined): number {
  if (by !== 'frequency' && by !== 'deciles') return 0;
  return vocabularies.reduce((sum, { size }) => sum + 16 * size, 0);
}

/** The metrics, and what they are computed from. */
export interface Evaluation extends Metrics, RowReport {
  split: string;
  checkpoint: CheckpointName;
  epoch: number;
  /** In stored order. */
  logits: Float32Array;
  labels: Uint8Array;
  /** Null where rows have no weight. The metrics count a row by it. */
  weights: Float32Array | null;
  /** Null where rows have no group; equal numbers are one group, 0 is none. */
  groups: Uint32Array | null;
}

/**
 * Scores a split with a run's model.
 *
 * @throws UserError when there is no such run, split or field, the predictions file exists or its extension says no
 * format, or the data is not what the run was trained on
 * @example
 * const { auc, logloss } = await evaluate({ run: 'runs/alpt-4', data: 'data/criteo', split: 'test' });
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { predictions } = options;
  if (predictions !== undefined) requireFreeFile(predictions, options.force ?? false);
  // Said before the work, as all that is wrong with an option.
  const format = predictions === undefined ? undefined : (options.format ?? rowFormatOf(predictions));
  if (!isBundle(options.run)) return evaluateOpened(await openForSplit(options), { ...options, format });
  const dataset = await loadDataset(options.data);
  const size = splitSize(options, dataset);
  const { checkpoint, threads } = withDefaults(options);
  const { model } = await openBundle(options.run, { ...size, checkpoint, threads, withIndexes: false });
  requireSameData({ run: model }, dataset.manifest);
  return evaluateModel(model, dataset, { ...options, format });
}

/** A run's model in memory, and the data to score. */
export interface OpenedEvaluation {
  run: OpenedRun;
  dataset: EncodedDataset;
}

/**
 * Opens the run and the data set of an evaluation, where there is room for its model, the rows to be scored and
 * `otherBytes` more.
 *
 * @throws UserError as `evaluate` does
 */
export async function openForSplit(options: EvaluateOptions, otherBytes = 0): Promise<OpenedEvaluation> {
  const { checkpoint, threads } = withDefaults(options);
  const dataset = await loadDataset(options.data);
  const size = splitSize(options, dataset);
  const run = await openRun(options.run, checkpoint, threads, {
    ...size,
    otherBytes: size.otherBytes + otherBytes,
  });
  requireSameData(run.directory, dataset.manifest);
  return { run, dataset };
}

/** What scoring a split takes beside the model. @throws UserError when there is no such split */
function splitSize(options: EvaluateOptions, { manifest }: EncodedDataset) {
  const { split, batchRows, threads } = withDefaults(options);
  checkThreads(threads);
  const { rows } = splitOf(manifest, split);
  return {
    batchRows,
    otherBytes: ROW_BYTES * rows + windowBytes(manifest, [split]) + countBytes(manifest, options.by),
    memory: options.memory,
    ignoreLimits: options.ignoreLimits,
  };
}

/** Scores the split with the model in memory, which stays as it is. @throws UserError as `evaluate` does */
export function evaluateOpened(
  { run, dataset }: OpenedEvaluation,
  options: EvaluateOptions,
): Promise<Evaluation> {
  return evaluateModel(modelOfRun(run, withDefaults(options).checkpoint), dataset, options);
}

/** The same of any model in memory. */
async function evaluateModel(
  model: ScoringModel,
  dataset: EncodedDataset,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { split, batchRows, threads } = withDefaults(options);
  const { predictions: path, signal } = options;
  const predictions = path === undefined ? undefined : { path, format: options.format ?? rowFormatOf(path) };
  const { rows: total } = splitOf(dataset.manifest, split);
  const shape = model.dataset;
  const watch = await RowWatch.create(dataset, total, shape, { ...options, predictions, threads });
  const bagIds = mostIdsOf(dataset.manifest, batchRows);
  const engine = await startScoring(model, { threads, batchRows, bagIds });
  try {
    const scores = new Scores(total);
    const knownIds = shape.fieldVocabularies.map((number) => shape.vocabularySizes[number]);
    const { numbers } = shape;
    for await (const scored of scoreSplit({ ...engine, dataset, split, knownIds, numbers, signal })) {
      scores.add(scored.logits, scored.labels, scored);
      watch.add(scored.batch);
      options.onProgress?.({ done: scores.rows, total });
    }
    const { logits, labels, weights, groups } = scores;
    const metrics = scores.metrics();
    const report = await watch.finish({ logits, labels, weights, groups });
    const rows = { logits, labels, weights, groups };
    const { checkpoint, epoch } = model;
    return { ...metrics, ...report, split, checkpoint, epoch, ...rows };
  } finally {
    await engine.team.close();
  }
}

function withDefaults({ checkpoint = 'best', split = 'test', batchRows = 8192, threads }: EvaluateOptions) {
  return { checkpoint, split, batchRows, threads: threads ?? availableParallelism() };
}
