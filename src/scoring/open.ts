// `open`: a run or a bundle as a model in this process, which scores raw rows. It reads that alone, not the data it was
// trained on, and loads no DuckDB.
import { UserError } from '../errors.js';
import { sigmoid } from '../metrics/calibration.js';
import type { CheckpointName } from '../runs/run-directory.js';
import type { RawRow } from '../schema/rows.js';
import { columnsOf, type Schema } from '../schema/schema.js';
import { fieldSizes } from './blueprint.js';
import type { BatchReport, CallResult } from './call-queue.js';
import { EncodedCallRows, type EncodedRows, RawCallRows, TextCallRows } from './call-rows.js';
import type { EmbeddingRows } from './embedding-reader.js';
import { idInputs, idSchema } from './id-encoder.js';
import { type ModelInput, modelInputs } from './model-inputs.js';
import { openModel } from './open-model.js';
import type { CellTexts } from './row-texts.js';
import { startPool } from './start-pool.js';
import { tableBytes } from './table-in-memory.js';

/** How to open a model. */
export interface OpenOptions {
  /** Of a run: the model of the best epoch (default) or of the last one. A bundle has one model. */
  checkpoint?: CheckpointName | undefined;
  /** Threads that score, each batches of its own, beside the one that asks; all read one copy of the table. Default: 1. */
  workers?: number | undefined;
  /** Rows that are scored together at most, 16 or more. Default: 1024. Logits do not depend on it. */
  maxBatch?: number | undefined;
  /** How long rows may wait for others when a thread is free. Default: 0, a batch takes what waits then. */
  maxDelayMs?: number | undefined;
  /**
   * Whether values are looked up in the model's vocabularies. Default: yes. Without them, which may be most of what it takes
   * in memory, rows have ids instead: cells by field, and by the names of numbers. Not for models with fields that hold lists.
   */
  vocabularies?: boolean | undefined;
  /** Whether rows may have columns that the model does not read. Default: no, which finds misspelt ones. */
  ignoreUnknown?: boolean | undefined;
  /** Bytes that are free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Opens it even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
  /** Called after each batch. */
  onBatch?: ((batch: BatchReport) => void) | undefined;
  /** Called when a thread has died; its calls are rejected, and it is replaced. */
  onWorkerFailure?: ((error: Error) => void) | undefined;
  /** Stops the opening; `open` then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What a call of `predict` may say. */
export interface PredictOptions {
  /** Gives the call up; it rejects with the signal's reason, other calls go on. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/** What a model makes of rows, in their order. */
export interface Prediction {
  /** (rows), as `evaluate` has them, bit for bit. */
  logits: Float32Array;
  /** (rows), 1 / (1 + e^−logit). */
  probabilities: Float32Array;
  /** Per field, its values that its vocabulary does not have: they are scored with the field's OOV row. */
  oov: Record<string, number>;
}

/** An open model. Its threads keep the process alive until it is closed. */
export interface Model {
  readonly kind: 'run' | 'bundle';
  /** Directory of the run or the bundle. */
  readonly path: string;
  /** Twelve digits that tell it from other models. */
  readonly version: string;
  readonly checkpoint: CheckpointName;
  readonly epoch: number;
  /** Of the data it was trained on. */
  readonly fingerprint: string;
  readonly schema: Schema;
  /** The columns that a row should have. Of a model without vocabularies, its fields and numbers. */
  readonly inputs: readonly ModelInput[];
  /** Bytes of the table's rows, in the memory that all threads share. */
  readonly tableBytes: number;
  /** Rows of calls that are not scored yet: those that wait, and those in work. */
  readonly queuedRows: number;
  /**
   * Scores rows. Calls may be made while others are under way.
   *
   * @param rows cells by column; a column that is not there is missing, and a value never seen in training is OOV
   * @throws UserError for a cell that cannot be read or an unknown column, naming the row, or when the model is closed
   * @throws ScoringFailure when the thread that scored it died
   */
  predict(rows: readonly RawRow[], options?: PredictOptions): Promise<Prediction>;
  /**
   * Scores rows whose values are ids already. Not for models with fields that hold lists.
   *
   * @throws UserError for arrays that do not fit the rows, or when the model is closed
   * @throws ScoringFailure when the thread that scored it died
   */
  predictEncoded(rows: EncodedRows, options?: PredictOptions): Promise<Prediction>;
  /**
   * The table's rows of some values of a field: what it has learned about them.
   *
   * @param values as the field has them after its transformation; null is the missing value
   * @throws UserError for an unknown field, or when the model is closed
   */
  embeddings(field: string, values: readonly (string | null)[]): EmbeddingRows;
  /** Lets calls under way end, then frees every thread. */
  close(): Promise<void>;
}

/** An open model that a server asks, which finds the texts of cells in the bytes of requests. */
export interface TextModel extends Model {
  /** Scores rows whose cells are texts, in the order of `inputColumnsOf` the schema. Otherwise as `predict`. */
  predictTexts(texts: CellTexts, options?: PredictOptions): Promise<Prediction>;
}

/**
 * Opens a run or a bundle for scoring in this process.
 *
 * @throws UserError when there is no such model, a run keeps no schema, or something in it is damaged
 * @example
 * const model = await open('runs/alpt-8');
 * const { probabilities } = await model.predict([{ user: 'u1', item: 'i7', hour: 20 }]);
 * await model.close();
 */
export function open(path: string, options: OpenOptions = {}): Promise<Model> {
  return openTexts(path, options);
}

/** The same for a server. */
export async function openTexts(path: string, options: OpenOptions = {}): Promise<TextModel> {
  const { checkpoint = 'best', ignoreUnknown = false, memory, ignoreLimits, signal } = options;
  const { workers = 1, maxBatch = 1024, maxDelayMs = 0, vocabularies = true } = options;
  const { onBatch, onWorkerFailure } = options;
  if (!(maxDelayMs >= 0)) {
    throw new UserError(`The option maxDelayMs is ${maxDelayMs} (allowed: numbers from 0).`, undefined, 2);
  }
  const opened = await openModel(path, {
    checkpoint,
    threads: workers,
    batchRows: maxBatch,
    vocabularies,
    memory,
    ignoreLimits,
    signal,
  });
  const { model, manifest, schema, encoding, embeddings } = opened;
  const { kind, version, epoch, dataset, table, firstOrder } = model;
  const requireNoLists = () => {
    if (dataset.poolings)
      throw new UserError(`The model '${path}' has fields that hold lists.`, 'give it values, not ids');
  };
  if (!vocabularies) requireNoLists();
  const { pool, queue } = await startPool(model, manifest, encoding, {
    workers,
    maxBatch,
    maxDelayMs,
    takesIds: !vocabularies,
    onBatch,
    onWorkerFailure,
  });
  if (signal?.aborted) await pool.close();
  signal?.throwIfAborted();
  const fields = schema.fields.map(({ name }) => name);
  const sizes = fieldSizes(dataset);
  const known = new Set(columnsOf(vocabularies ? schema : idSchema(schema)));
  let closed: Promise<void> | undefined;
  const requireOpen = () => {
    if (closed) throw new UserError(`The model '${path}' is closed.`, 'open it again, or close it later');
  };
  const predictionOf = ({ logits, oov }: CallResult): Prediction => ({
    logits,
    probabilities: logits.map(sigmoid),
    oov: Object.fromEntries(fields.map((name, f) => [name, oov[f]])),
  });
  return {
    kind,
    path,
    version,
    checkpoint: model.checkpoint,
    epoch,
    fingerprint: dataset.fingerprint,
    schema,
    inputs: vocabularies ? modelInputs(schema) : idInputs(schema),
    tableBytes: tableBytes(table) + (firstOrder ? tableBytes(firstOrder) : 0),
    get queuedRows() {
      return queue.queuedRows;
    },
    async predict(rows, options = {}) {
      requireOpen();
      if (!ignoreUnknown) requireKnownColumns(rows, known);
      return predictionOf(await queue.score(new RawCallRows(rows), options));
    },
    async predictTexts(texts, options = {}) {
      requireOpen();
      return predictionOf(await queue.score(new TextCallRows(texts), options));
    },
    async predictEncoded(rows, options = {}) {
      requireOpen();
      requireNoLists();
      const numbers = dataset.numbers?.length ?? 0;
      return predictionOf(await queue.score(new EncodedCallRows(rows, sizes, numbers), options));
    },
    embeddings(field, values) {
      requireOpen();
      return embeddings.read(field, values);
    },
    close() {
      closed ??= queue.idle().then(() => pool.close());
      return closed;
    },
  };
}

function requireKnownColumns(rows: readonly RawRow[], known: ReadonlySet<string>): void {
  for (const [i, row] of rows.entries()) {
    for (const column in row) {
      if (known.has(column)) continue;
      throw new UserError(
        `Row ${i} has the unknown column '${column}' (known: ${[...known].join(', ')}).`,
        'leave it out, or open the model with ignoreUnknown: true',
      );
    }
  }
}
