// One place in the server: a name (and perhaps a version), the model that answers there now, and its queue. When the
// files at its path change, the new model is opened beside the old one, which answers until the new one is ready; then
// they are swapped between two requests. A replacement that cannot be opened leaves the old one where it is.
import { UserError } from '../errors.js';
import type { Prediction } from '../scoring/open.js';
import type { CellTexts } from '../scoring/row-texts.js';
import type { Limits } from './limits.js';
import { type ModelColumns, modelColumns } from './model-columns.js';
import type { ModelSource } from './model-source.js';
import { modelStamp } from './model-stamp.js';
import { RequestError } from './request-error.js';
import type { EngineOptions, OpenServedModel, ServedModel } from './served-model.js';
import type { ModelLabels, ModelMetrics, ServerMetrics } from './server-metrics.js';

/** A model that answers. */
export interface LiveModel {
  model: ServedModel;
  /** As requests name it: the one that was given, else the model's checksum. */
  version: string;
  columns: ModelColumns;
  metrics: ModelMetrics;
}

/** What happened to a slot, for the log. */
export type SlotEvent =
  | { kind: 'loaded' | 'replaced'; version: string; tableBytes: number; seconds: number }
  | { kind: 'unchanged'; version: string }
  | { kind: 'failed'; error: unknown }
  | { kind: 'worker-failure'; error: Error };

export interface SlotOptions {
  open: OpenServedModel;
  limits: Pick<Limits, 'queueRows' | 'requestTimeoutMs'>;
  engine: EngineOptions;
  metrics: ServerMetrics;
  onEvent(event: SlotEvent, slot: ModelSlot): void;
}

export class ModelSlot {
  readonly name: string;
  private current: LiveModel | undefined;
  private readonly labels: ModelLabels;
  private infoLabels: Record<string, string> | undefined;
  /** Of the files that were opened last, whether they could be or not. */
  private stamp = '';
  /** Of files that have just changed: they are opened when they stay so. */
  private changing: string | undefined;
  private loading: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(
    readonly source: ModelSource,
    private readonly options: SlotOptions,
  ) {
    this.name = source.name;
    this.labels = { model: source.name, ...(source.version !== null && { version: source.version }) };
  }

  /** What answers now; undefined before a model is loaded. */
  get live(): LiveModel | undefined {
    return this.current;
  }

  /** Rows that were accepted and are not scored yet. */
  get queuedRows(): number {
    return this.current?.model.queuedRows ?? 0;
  }

  get isFull(): boolean {
    return this.queuedRows >= this.options.limits.queueRows;
  }

  /**
   * Scores the rows of a request.
   *
   * @throws RequestError 503 when the queue has no room for them or it takes too long
   * @throws UserError for a row that cannot be read
   */
  async predict(live: LiveModel, texts: CellTexts, signal?: AbortSignal): Promise<Prediction> {
    const { limits } = this.options;
    const { model, metrics } = live;
    if (model.queuedRows + texts.rows > limits.queueRows) {
      throw new RequestError(
        503,
        `The model '${this.name}' has ${model.queuedRows} rows waiting (allowed: ${limits.queueRows}); try again.`,
        'overload',
      );
    }
    const prediction = await model.predictTexts(texts, { signal });
    let predicted = 0;
    for (const probability of prediction.probabilities) predicted += probability;
    if (!Number.isFinite(predicted)) throw new Error(`The model '${this.name}' predicts no numbers.`);
    metrics.scored(texts.rows, predicted, prediction.oov);
    return prediction;
  }

  /** Sets the metrics that are read and not counted. */
  measure(): void {
    this.options.metrics.queueRows.with(this.labels).set(this.queuedRows);
  }

  /** Opens the model for the first time. @throws UserError when it cannot be */
  async load(): Promise<void> {
    await this.open('loaded');
  }

  /**
   * Looks whether the files have changed and opens them if so.
   *
   * @param asked opens them also where they have not, or could not be opened before
   */
  async refresh(asked = false): Promise<void> {
    if (this.loading) return asked ? this.loading.then(() => this.refresh(true)) : undefined;
    if (!asked) {
      const stamp = await modelStamp(this.source.path);
      if (stamp === this.stamp) this.changing = undefined;
      // Whoever writes a model here may not be done: it is opened when two looks saw the same.
      const isStill = stamp === this.changing;
      this.changing = stamp;
      if (stamp === this.stamp || !isStill || this.loading) return;
    }
    this.loading = this.open('replaced').catch((error) => {
      if (this.closing.signal.aborted) return;
      this.options.metrics.reloads.with({ ...this.labels, outcome: 'failed' }).add();
      this.options.onEvent({ kind: 'failed', error }, this);
    });
    await this.loading;
    this.loading = undefined;
  }

  /** Lets what was accepted end, then closes the model. */
  async close(): Promise<void> {
    this.closing.abort(new UserError('The server is stopping.'));
    await this.loading;
    const live = this.current;
    this.current = undefined;
    await live?.model.close();
  }

  private async open(kind: 'loaded' | 'replaced'): Promise<void> {
    const { open, engine, metrics, onEvent } = this.options;
    const { source, labels } = this;
    const started = performance.now();
    this.stamp = await modelStamp(source.path);
    let ofModel: ModelMetrics | undefined;
    const model = await open(source.path, {
      ...engine,
      signal: this.closing.signal,
      onBatch: (batch) => ofModel?.batch(batch),
      onWorkerFailure: (error) => {
        metrics.workerFailures.with(labels).add();
        onEvent({ kind: 'worker-failure', error }, this);
      },
    });
    const old = this.current;
    if (this.closing.signal.aborted || (old && old.model.version === model.version)) {
      await model.close();
      this.closing.signal.throwIfAborted();
      if (kind === 'replaced') metrics.reloads.with({ ...labels, outcome: 'unchanged' }).add();
      onEvent({ kind: 'unchanged', version: model.version }, this);
      return;
    }
    const columns = modelColumns(model.schema, !engine.vocabularies);
    ofModel = metrics.model(labels, columns.fields);
    const version = source.version ?? model.version;
    // From here on requests go to the new one; those that the old one has accepted it still answers.
    this.current = { model, version, columns, metrics: ofModel };
    this.describe(model, version);
    if (kind === 'replaced') metrics.reloads.with({ ...labels, outcome: 'replaced' }).add();
    const seconds = (performance.now() - started) / 1000;
    onEvent({ kind, version, tableBytes: model.tableBytes, seconds }, this);
    await old?.model.close();
  }

  private describe(model: ServedModel, version: string): void {
    const { info, tableBytes, loaded } = this.options.metrics;
    if (this.infoLabels) info.remove(this.infoLabels);
    this.infoLabels = {
      model: this.name,
      version,
      checksum: model.version,
      kind: model.kind,
      fingerprint: model.fingerprint.slice(0, 16),
    };
    info.with(this.infoLabels).set(1);
    tableBytes.with(this.labels).set(model.tableBytes);
    loaded.with(this.labels).set(Date.now() / 1000);
  }
}
