// The metrics of a server, by their names: what `GET /metrics` says. docs/serving.md has the same table, held to it by
// a test. Labels are few and come from the command line and the schema, never from a request.

import type { BatchReport } from '../scoring/call-queue.js';
import { type Histogram, Metrics, type Value } from './metrics.js';
import type { RefusalReason } from './request-error.js';

/** Seconds, from a batch of one row to a client that waits too long. */
const seconds = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;
const rows = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192] as const;

/** The stages of a request within its model. */
export const stages = ['queue', 'encode', 'lookup', 'network'] as const;

export class ServerMetrics {
  readonly metrics = new Metrics();
  readonly requests = this.metrics.counter(
    'bitrow_requests_total',
    'Requests answered, by route and status.',
  );
  readonly refused = this.metrics.counter(
    'bitrow_refused_requests_total',
    'Requests answered with an error, by reason; overload is a full queue.',
  );
  readonly duration = this.metrics.histogram(
    'bitrow_request_duration_seconds',
    'From the head of a request to its response handed to the socket, by route.',
    seconds,
  );
  readonly ready = this.metrics.gauge(
    'bitrow_ready',
    '1 while models are loaded and the server is not draining.',
  );
  readonly rows = this.metrics.counter('bitrow_rows_total', 'Rows scored.');
  readonly queueRows = this.metrics.gauge('bitrow_queue_rows', 'Rows accepted and not answered yet.');
  readonly stage = this.metrics.histogram(
    'bitrow_stage_duration_seconds',
    'Time of a batch in encoding, lookup and network, and of a call in the queue before its batch.',
    seconds,
  );
  readonly batchRows = this.metrics.histogram('bitrow_batch_rows', 'Rows scored together.', rows);
  readonly batchCalls = this.metrics.histogram('bitrow_batch_calls', 'Requests that share a batch.', rows);
  readonly oov = this.metrics.counter(
    'bitrow_oov_values_total',
    "Values that a field's vocabulary does not have, by field; divided by the rows it is the OOV share.",
  );
  readonly predicted = this.metrics.counter(
    'bitrow_predicted_probability_sum',
    'Sum of the predicted probabilities; divided by the rows it is the mean predicted rate.',
  );
  readonly tableBytes = this.metrics.gauge('bitrow_table_bytes', 'Bytes of the embedding tables in memory.');
  readonly info = this.metrics.gauge('bitrow_model_info', '1 for the version of each model that answers.');
  readonly loaded = this.metrics.gauge(
    'bitrow_model_loaded_timestamp_seconds',
    'When the version that answers was ready, in Unix time.',
  );
  readonly reloads = this.metrics.counter(
    'bitrow_reloads_total',
    'Times that the files of a model had changed, by outcome: replaced, unchanged (the same version), or failed (the version before it answers on).',
  );
  readonly workerFailures = this.metrics.counter(
    'bitrow_worker_failures_total',
    'Workers that died and were replaced.',
  );
  private readonly resident = this.metrics.gauge('process_resident_memory_bytes', 'Resident memory.');
  private readonly cpu = this.metrics.counter('process_cpu_seconds_total', 'Time of all processors.');
  private readonly started = this.metrics.gauge(
    'process_start_time_seconds',
    'When the process began, in Unix time.',
  );

  constructor() {
    this.ready.with().set(0);
    this.started.with().set(Date.now() / 1000 - process.uptime());
  }

  /** The exposition, with what is measured only then. */
  text(): string {
    const { user, system } = process.cpuUsage();
    this.cpu.with().set((user + system) / 1e6);
    this.resident.with().set(process.memoryUsage.rss());
    return this.metrics.text();
  }

  /** What is counted of one route, looked up once. */
  route(route: string): RouteMetrics {
    return new RouteMetrics(this, route);
  }

  /** What is counted of one model, looked up once. @param fields names of its fields */
  model(labels: ModelLabels, fields: readonly string[]): ModelMetrics {
    return new ModelMetrics(this, labels, fields);
  }
}

/** A model as the command line named it; no version where it named none. */
export type ModelLabels = { model: string; version?: string };

export class RouteMetrics {
  private readonly duration: Histogram;
  private readonly byStatus = new Map<number, Value>();

  constructor(
    private readonly all: ServerMetrics,
    private readonly route: string,
  ) {
    this.duration = all.duration.with({ route });
  }

  answered(status: number, elapsedMs: number): void {
    let requests = this.byStatus.get(status);
    if (requests === undefined) {
      requests = this.all.requests.with({ route: this.route, code: String(status) });
      this.byStatus.set(status, requests);
    }
    requests.add();
    this.duration.observe(elapsedMs / 1000);
  }

  refused(reason: RefusalReason): void {
    this.all.refused.with({ route: this.route, reason }).add();
  }
}

export class ModelMetrics {
  private readonly rows: Value;
  private readonly predicted: Value;
  private readonly oov: Value[]; // (F)
  private readonly batchRows: Histogram;
  private readonly batchCalls: Histogram;
  private readonly stage: Record<(typeof stages)[number], Histogram>;

  constructor(
    { rows, predicted, oov, batchRows, batchCalls, stage }: ServerMetrics,
    labels: ModelLabels,
    private readonly fields: readonly string[],
  ) {
    this.rows = rows.with(labels);
    this.predicted = predicted.with(labels);
    this.oov = fields.map((field) => oov.with({ ...labels, field }));
    this.batchRows = batchRows.with(labels);
    this.batchCalls = batchCalls.with(labels);
    const ofStage = (name: string) => stage.with({ ...labels, stage: name });
    this.stage = {
      queue: ofStage('queue'),
      encode: ofStage('encode'),
      lookup: ofStage('lookup'),
      network: ofStage('network'),
    };
  }

  /** @param predicted sum of the probabilities */
  scored(rows: number, predicted: number, oov: Readonly<Record<string, number>>): void {
    this.rows.add(rows);
    this.predicted.add(predicted);
    for (let f = 0; f < this.oov.length; f++) this.oov[f].add(oov[this.fields[f]] ?? 0);
  }

  batch({ rows, calls, queueMs, encodeMs, lookupMs, networkMs }: BatchReport): void {
    this.batchRows.observe(rows);
    this.batchCalls.observe(calls);
    for (const ms of queueMs) this.stage.queue.observe(ms / 1000);
    this.stage.encode.observe(encodeMs / 1000);
    this.stage.lookup.observe(lookupMs / 1000);
    this.stage.network.observe(networkMs / 1000);
  }
}
