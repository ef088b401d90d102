// The library: everything the command line does with data and runs, as functions. It reports through callbacks,
// never prints, and throws `UserError` for what a person can put right.
export type { Dataset, ParquetFormat, SplitRule, TextFormat } from './data/datasets/dataset.js';
export { type EncodedDataset, loadDataset } from './data/encoded-dataset.js';
export type { Manifest, SplitName } from './data/manifest.js';
export { type PrepareOptions, type PrepareProgress, prepare } from './data/prepare.js';
export { UserError } from './errors.js';
export { type Generated, type GenerateOptions, generate } from './generating/generate.js';
export type { ShapeName } from './generating/registry.js';
export type { Calibration } from './metrics/calibration.js';
export type { GroupedAuc } from './metrics/grouped-auc.js';
export type { Metrics } from './metrics/scores.js';
export type { SliceMetrics } from './metrics/slice-metrics.js';
export type { Config } from './runs/config.js';
export { type PartialConfig, resolveConfig } from './runs/resolve-config.js';
export type { CheckpointName } from './runs/run-directory.js';
export type { Schema } from './schema/schema.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './scoring/evaluate.js';
export type { RowReport, Slice } from './scoring/row-watch.js';
export type { MemoryReport } from './training/memory.js';
export type { TableStatistics } from './training/table-statistics.js';
export {
  type EpochRecord,
  type TrainEvent,
  type TrainOptions,
  type TrainResult,
  train,
} from './training/train.js';
