// The library: everything the command line does with data and runs, as functions. It reports through callbacks,
// never prints, and throws `UserError` for what a person can put right.
export { type CompareOptions, compare } from './comparing/compare.js';
export type { CompareEvent } from './comparing/events.js';
export type { VariantSpec } from './comparing/variants.js';
export type {
  CsvFormat,
  Dataset,
  ParquetFormat,
  SplitRule,
  TextFormat,
} from './data/datasets/dataset.js';
export { type EncodedDataset, loadDataset } from './data/encoded-dataset.js';
export type { Manifest, SplitName } from './data/manifest.js';
export { type PrepareOptions, type PrepareProgress, prepare } from './data/prepare.js';
export { type ProposeOptions, proposeSchema } from './data/propose-schema.js';
export type { RowFormat } from './data/row-format.js';
export { UserError } from './errors.js';
export { type ExportOptions, type ExportReport, exportRun } from './exporting/export-run.js';
export type { ExportProgress, Parity } from './exporting/exporter.js';
export type { ExportFormat } from './exporting/registry.js';
export { type Generated, type GenerateOptions, generate } from './generating/generate.js';
export type { ShapeName } from './generating/registry.js';
export type { Calibration } from './metrics/calibration.js';
export type { GroupedAuc } from './metrics/grouped-auc.js';
export type { Metrics } from './metrics/scores.js';
export type { SliceMetrics } from './metrics/slice-metrics.js';
export { QuantizedFile, type StoredTableInfo } from './posttraining/open-quantized.js';
export {
  type QuantizedTableReport,
  type QuantizeFileOptions,
  type QuantizeFileReport,
  type QuantizeProgress,
  quantizeFile,
} from './posttraining/quantize-file.js';
export { QuantizedTable } from './posttraining/quantized-table.js';
export type { RowSource } from './posttraining/quantizer.js';
export type { Comparison, Variant } from './reports/comparison.js';
export { type SummaryRow, summarize } from './reports/summary.js';
export type { Config } from './runs/config.js';
export { type PartialConfig, resolveConfig } from './runs/resolve-config.js';
export type { CheckpointName } from './runs/run-directory.js';
export type { Cell } from './schema/cell.js';
export type { RawRow } from './schema/rows.js';
export type { Schema } from './schema/schema.js';
export type { BatchReport } from './scoring/call-queue.js';
export type { EncodedRows } from './scoring/call-rows.js';
export type { EmbeddingRows } from './scoring/embedding-reader.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './scoring/evaluate.js';
export type { ModelInput } from './scoring/model-inputs.js';
export { type Model, type OpenOptions, open, type Prediction, type PredictOptions } from './scoring/open.js';
export { type FilePrediction, type PredictFilesOptions, predictFiles } from './scoring/predict-files.js';
export { type QuantizeRunOptions, type QuantizeRunReport, quantizeRun } from './scoring/quantize-run.js';
export type { RowReport, Slice } from './scoring/row-watch.js';
export { ScoringFailure } from './scoring/scoring-failure.js';
export type { RowScores, TableScores } from './scoring/table-cost.js';
export type { CheckpointCost } from './training/checkpointing.js';
export type { EpochRecord } from './training/epochs.js';
export type { TrainEvent } from './training/events.js';
export type { MemoryReport } from './training/memory.js';
export { planTraining, type TrainingPlan } from './training/plan-training.js';
export type { Room } from './training/require-room.js';
export type { TableStatistics } from './training/table-statistics.js';
export { type TrainOptions, type TrainResult, train } from './training/train.js';
