// What a comparison is as a record: everything its report is made from, in plain data that JSON can hold. `comparing/`
// makes it, `reports/` draws it.

/** One comparison: several variants of a method, each trained with the same seeds on one data set. */
export interface Comparison {
  format: 'bitrow-comparison-1';
  bitrow: string;
  /** ISO 8601. */
  made: string;
  /** The command that repeats it. */
  command: string;
  machine: { cpu: string; cores: number; node: string; onnxruntime: string };
  data: ComparedData;
  /** The split whose metrics are the cells' `test`; null where nothing but validation is scored. */
  split: string | null;
  seeds: number[];
  /** The first is what the others are compared to, `full` unless it is not among them. In the order asked for. */
  variants: Variant[];
}

export interface ComparedData {
  /** The kind of data: flights, frappe, criteo, csv, … */
  dataset: string;
  path: string;
  fingerprint: string;
  fields: number;
  /** Table rows over all vocabularies. */
  features: number;
  rows: Record<string, number>;
  positiveRate: number | null;
}

/** A method at a width, or one point of a grid. */
export interface Variant {
  /** As in `--methods`, and what a grid changes: `alpt:4`, `lpt:8:deterministic`, `lpt:4 lpt.clip=0.01`. */
  name: string;
  method: string;
  bits: number | null;
  rounding: string | null;
  /** The resolved configuration, but for its seed. */
  config: Record<string, unknown>;
  /** What repeats it for one seed; null for a variant without runs of its own. */
  command: string | null;
  /** The variant whose runs this one is made from after training: `round` and `magnitude` of `full`. */
  derivedFrom: string | null;
  memory: VariantMemory;
  /** One for each seed, in the order of `seeds`; absent ones have not finished yet. */
  cells: Cell[];
}

/** Bytes. Ratios are fp32's bytes over the variant's, both with the same rows and optimizer. */
export interface VariantMemory {
  training: { table: number; step: number; optimizer: number };
  /** The table as it is served: codes and steps, or what is left of pruned rows with a bitmap of where. */
  inference: number;
  /** The same for `full` with the variant's width, data and optimizer. */
  full: { table: number; optimizer: number };
  ratios: { trainingTable: number; trainingWithOptimizer: number; inference: number };
}

/** One training: a variant with one seed. */
export interface Cell {
  seed: number;
  status: 'finished' | 'diverged' | 'failed';
  /** The sentence, where it diverged or failed. */
  error: string | null;
  bestEpoch: number | null;
  /** Of the best epoch. */
  validation: CellMetrics | null;
  /** Of the comparison's `split`; null where nobody looked at it. */
  test: CellMetrics | null;
  epochs: CellEpoch[];
  samplesPerSecond: number | null;
  /** Training and validation, all epochs. */
  seconds: number | null;
  peakRss: number | null;
  /**
   * Validation rows in ten parts of equal size by how well training knows their features (the mean over fields of the
   * logarithm of 1 + training count), the rarest first; null where there are no counts.
   */
  deciles: null | { auc: number | null; logloss: number | null; rows: number }[];
}

export interface CellMetrics {
  auc: number | null;
  logloss: number | null;
}

export interface CellEpoch {
  epoch: number;
  trainLoss: number;
  /** Mean training loss of each twentieth of the epoch's batches, fewer where there are fewer batches. */
  lossCurve: number[];
  validation: CellMetrics | null;
  trainSeconds: number;
  validationSeconds: number;
  samplesPerSecond: number;
  /** null for fp32 tables. */
  table: null | {
    /** Shares of the written rows' codes. */
    saturated: number;
    zero: number;
    /** The share of non-zero changes that deterministic rounding would erase (remark 1); null where unknown. */
    erased: number | null;
    /** The 0, 1, …, 100 % quantiles of the rows' steps; null where the table has one step. */
    stepPercentiles: number[] | null;
  };
}
