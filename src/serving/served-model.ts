// What the server asks of a model: the open models of scoring/open.ts, behind an interface, so that tests can put a
// model in its place that is slow, fails or dies.
import type { Schema } from '../schema/schema.js';
import { type Model, type OpenOptions, open } from '../scoring/open.js';

/** What became of one batch. */
export interface BatchReport {
  rows: number;
  calls: number;
  queueMs: Float64Array; // (calls), waiting before the batch
  lookupMs: number;
  networkMs: number;
}

/** An open model, as far as the server uses it. */
export interface ServedModel {
  readonly schema: Schema;
  readonly fingerprint: string;
  readonly kind: 'run' | 'bundle';
  readonly tableBytes: number;
  /** Short checksum of the model. */
  readonly version: string;
  predict: Model['predict'];
  close(): Promise<void>;
}

export interface ServedModelOptions {
  workers: number;
  maxBatch: number;
  maxDelayMs: number;
  signal: AbortSignal;
  onBatch(batch: BatchReport): void;
  onWorkerFailure(error: Error): void;
}

export type OpenServedModel = (path: string, options: ServedModelOptions) => Promise<ServedModel>;

/** Opens a run or a bundle. @throws UserError */
export const openServedModel: OpenServedModel = async (path, options) => {
  const { workers, maxBatch, ...others } = options;
  const asked: OpenOptions & Partial<ServedModelOptions> = {
    ...others,
    threads: workers,
    batchRows: maxBatch,
    // Requests were checked as they were read.
    ignoreUnknown: true,
  };
  const model: Model & Partial<ServedModel> = await open(path, asked);
  return {
    schema: model.schema,
    fingerprint: model.fingerprint,
    kind: model.kind ?? 'run',
    tableBytes: model.tableBytes ?? 0,
    version: model.version ?? `${model.fingerprint.slice(0, 8)}-${model.epoch}`,
    predict: (rows, how) => model.predict(rows, how),
    close: () => model.close(),
  };
};
