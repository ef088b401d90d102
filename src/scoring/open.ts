// `open`: a run as a model in this process, which scores raw rows. It reads the run alone, not the data it was trained
// on, and loads no DuckDB.
import { UserError } from '../errors.js';
import { sigmoid } from '../metrics/calibration.js';
import type { CheckpointName } from '../runs/run-directory.js';
import type { RawRow } from '../schema/rows.js';
import { columnsOf, type Schema } from '../schema/schema.js';
import { CallQueue } from './call-queue.js';
import type { EmbeddingRows } from './embedding-reader.js';
import { type ModelInput, modelInputs } from './model-inputs.js';
import { openScoring } from './open-scoring.js';

/** How to open a model. */
export interface OpenOptions {
  /** Model of the best epoch (default) or of the last one. */
  checkpoint?: CheckpointName | undefined;
  /** Threads that score, beside the one that asks. Default: 1. More pay off for calls of thousands of rows. */
  threads?: number | undefined;
  /** Rows that are scored together at most, 16 or more. Default: 4096. Logits do not depend on it. */
  batchRows?: number | undefined;
  /** Whether rows may have columns that the model does not read. Default: no, which finds misspelt ones. */
  ignoreUnknown?: boolean | undefined;
  /** Bytes that are free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Opens it even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
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
  /** Directory of the run. */
  readonly path: string;
  readonly checkpoint: CheckpointName;
  readonly epoch: number;
  /** Of the data it was trained on. */
  readonly fingerprint: string;
  readonly schema: Schema;
  /** The columns that a row should have. */
  readonly inputs: readonly ModelInput[];
  /**
   * Scores rows. Calls may be made while others are under way.
   *
   * @param rows cells by column; a column that is not there is missing, and a value never seen in training is OOV
   * @throws UserError for a cell that cannot be read or an unknown column, naming the row, or when the model is closed
   */
  predict(rows: readonly RawRow[], options?: PredictOptions): Promise<Prediction>;
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

/**
 * Opens a run for scoring in this process.
 *
 * @throws UserError when there is no such run, it keeps no schema, or something in it is damaged
 * @example
 * const model = await open('runs/alpt-8');
 * const { probabilities } = await model.predict([{ user: 'u1', item: 'i7', hour: 20 }]);
 * await model.close();
 */
export async function open(path: string, options: OpenOptions = {}): Promise<Model> {
  const { checkpoint = 'best', threads = 1, batchRows = 4096, ignoreUnknown = false, signal } = options;
  const { memory, ignoreLimits } = options;
  const { run, schema, encoder, embeddings, engine } = await openScoring(path, {
    checkpoint,
    threads,
    batchRows,
    memory,
    ignoreLimits,
    signal,
  });
  const queue = new CallQueue(engine, encoder);
  const fields = schema.fields.map(({ name }) => name);
  const known = new Set(columnsOf(schema));
  let closed: Promise<void> | undefined;
  const requireOpen = () => {
    if (closed) throw new UserError(`The model '${path}' is closed.`, 'open it again, or close it later');
  };
  return {
    path,
    checkpoint,
    epoch: Number(run.metadata.epoch),
    fingerprint: run.directory.run.dataset.fingerprint,
    schema,
    inputs: modelInputs(schema),
    async predict(rows, { signal, onProgress } = {}) {
      requireOpen();
      if (!ignoreUnknown) requireKnownColumns(rows, known);
      const { logits, oov } = await queue.score(rows, { signal, onProgress });
      return {
        logits,
        probabilities: logits.map(sigmoid),
        oov: Object.fromEntries(fields.map((name, f) => [name, oov[f]])),
      };
    },
    embeddings(field, values) {
      requireOpen();
      return embeddings.read(field, values);
    },
    close() {
      closed ??= queue.idle().then(() => engine.team.close());
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
