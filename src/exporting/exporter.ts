// What an exporter is: a run's model, its tables as they are served, written in a format that others read. What a table is
// replaced by, and what that costs, is settled before (export-run.ts).
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { QuantizedTable } from '../posttraining/quantized-table.js';
import type { QuantizedBits, Side } from '../posttraining/quantizer.js';
import type { CheckpointName } from '../runs/run-directory.js';
import type { OpenedRun } from '../scoring/open-run.js';
import type { ServedTable } from './served-table.js';

/** Which operators an ONNX model may have: `standard` those of ONNX alone, `auto` those of onnxruntime too. */
export const operatorSets = ['auto', 'standard'] as const;
export type OperatorSet = (typeof operatorSets)[number];

/** What `--quantize` made of the embeddings. */
export interface Quantization {
  readonly method: string;
  readonly bits: QuantizedBits;
  readonly side: Side;
  readonly table: QuantizedTable;
}

/** What is exported. */
export interface ExportSubject {
  /** Which of the run's models. */
  readonly checkpoint: CheckpointName;
  /** The model as it scores: with the quantized rows in place where there are any. */
  readonly run: OpenedRun;
  readonly embedding: ServedTable;
  /** Where the model has them. */
  readonly firstOrder: ServedTable | null;
  readonly quantization: Quantization | null;
  /** Rows to compare logits on; without it they are drawn. */
  readonly rows: { readonly dataset: EncodedDataset; readonly split: string } | null;
}

/** How a format is written. */
export interface ExportSettings {
  /** Of an ONNX model. */
  readonly operators: OperatorSet;
  /** Of an ONNX model, in one file; smaller than 2 GiB only in tests. */
  readonly mostModelBytes: number;
  /** Whether what is at the output may be replaced. */
  readonly force: boolean;
  readonly threads: number;
  readonly onProgress: (progress: ExportProgress) => void;
  readonly signal: AbortSignal | undefined;
}

export interface ExportProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'rows' | 'samples';
}

/** What was compared before an ONNX model took its name. */
export interface Parity {
  /** Samples. */
  readonly rows: number;
  /** Where they are from. */
  readonly from: string;
  /** Optimization levels of onnxruntime. */
  readonly levels: readonly string[];
  /** Rows of tables that were equal. */
  readonly tableRows: number;
  /** max |Δlogit|. */
  readonly largestDifference: number;
  readonly onnxruntime: string;
}

export interface Exported {
  readonly files: readonly string[];
  readonly bytes: number;
  readonly parity: Parity | null;
}

/** A format in the registry. */
export interface Exporter {
  /** One line for `--help`. */
  readonly summary: string;
  /** What the output may be called, or that it is a directory. */
  readonly output: readonly string[] | 'directory';
  /** Files that may come to lie beside the output, by its name. */
  readonly beside?: (out: string) => readonly string[];
  /** Whether `--operators` means anything. */
  readonly hasOperators: boolean;
  /** @throws UserError for a model that the format cannot hold, by what it is */
  check(subject: ExportSubject, out: string): void;
  /** Writes files to a place that is not there yet, under its own name; a directory to its place, whole or not at all. */
  write(subject: ExportSubject, out: string, settings: ExportSettings): Promise<Exported>;
}
