// Many calls, a pool of threads: rows of concurrent calls go into batches together, each call's logits come back to it. A
// row's logit is the same in every batch, so nobody can tell. A batch is filled while others are in work, and leaves when a
// thread is free, which encodes its rows and scores them. Calls take turns, so that a long one does not keep short ones waiting; an error in one call's rows ends
// that call alone.
import { allocateBatch, type BatchShape, batchArrays } from './batch-memory.js';
import type { CallRows } from './call-rows.js';
import { QueuedRows } from './queued-rows.js';
import { type RefusedRow, refusal } from './refused-row.js';
import { ScoringFailure } from './scoring-failure.js';
import type { BatchOutcome, WorkerPool } from './worker-pool.js';

/** What a call comes to. */
export interface CallResult {
  logits: Float32Array; // (rows)
  oov: Float64Array; // (F)
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/** A scored batch: of how many rows and calls, and where its time went. */
export interface BatchReport {
  rows: number;
  calls: number;
  /** (calls), from when a call came to when a thread took this part of it. */
  queueMs: Float64Array;
  /** Raw rows into ids. */
  encodeMs: number;
  /** Rows of the table into the network's input. */
  lookupMs: number;
  networkMs: number;
}

export interface QueueOptions {
  /** How long a batch that is not full may wait for more rows. */
  maxDelayMs: number;
  onBatch?: ((batch: BatchReport) => void) | undefined;
}

interface Call extends CallResult {
  rows: CallRows;
  options: CallOptions;
  since: number;
  /** Rows that are in batches, and rows that were scored. */
  next: number;
  done: number;
  isOver: boolean;
  resolve(result: CallResult): void;
  reject(error: unknown): void;
  abort: (() => void) | undefined;
}

/** Rows `first` to `first + count` of a call, from row `at` of a batch on. */
interface Segment {
  call: Call;
  first: number;
  at: number;
  count: number;
}

/** The memory of a batch; may be sent to a worker. */
export interface QueueMemory {
  batch: SharedArrayBuffer;
  /** (batchRows, F), ids that are OOV. */
  oov: SharedArrayBuffer;
}

/** A batch that is filled, in work, or free. */
interface QueuedBatch {
  number: number;
  rows: QueuedRows;
  logits: Float32Array; // (batchRows)
  oov: Uint32Array; // (batchRows, F)
  segments: Segment[];
  isFull: boolean;
  /** When its first row came. */
  since: number;
}

/** As many batches as can be in work, and one that is filled. */
export function queueBatches(workers: number, shape: BatchShape): QueueMemory[] {
  const { batchRows, fields } = shape;
  return Array.from({ length: workers + 1 }, () => ({
    batch: allocateBatch(shape),
    oov: new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT * batchRows * fields),
  }));
}

/** The queue in front of a pool. */
export class CallQueue {
  /** Rows that were accepted and are not scored yet. */
  queuedRows = 0;
  private readonly waiting: Call[] = [];
  private readonly free: QueuedBatch[];
  private filling: QueuedBatch;
  private isScheduled = false;
  private timer: NodeJS.Timeout | undefined;
  private calls = 0;
  private onIdle: (() => void)[] = [];

  /**
   * @param columns of raw rows, in the order of the encoder
   * @param memories of `queueBatches`
   */
  constructor(
    private readonly pool: WorkerPool,
    private readonly shape: BatchShape,
    columns: readonly string[],
    memories: readonly QueueMemory[],
    private readonly options: QueueOptions,
  ) {
    const [filling, ...free] = memories.map((memory, number): QueuedBatch => {
      const arrays = batchArrays(shape, memory.batch);
      const rows = new QueuedRows(shape, arrays, columns);
      const oov = new Uint32Array(memory.oov);
      return { number, rows, logits: arrays.logits, oov, segments: [], isFull: false, since: 0 };
    });
    this.filling = filling;
    this.free = free;
    pool.onFree = () => this.dispatch();
    pool.onNone = (failure) => this.fail(failure);
  }

  /** Scores rows. Rejects with the signal's reason when it is aborted, and with ScoringFailure when their thread died. */
  score(rows: CallRows, options: CallOptions): Promise<CallResult> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      signal?.throwIfAborted();
      const call: Call = {
        rows,
        options,
        since: performance.now(),
        logits: new Float32Array(rows.length),
        oov: new Float64Array(this.shape.fields),
        next: 0,
        done: 0,
        isOver: false,
        resolve,
        reject,
        abort: undefined,
      };
      if (rows.length === 0) return resolve(call);
      if (signal) {
        call.abort = () => this.end(call, signal.reason);
        signal.addEventListener('abort', call.abort);
      }
      this.calls++;
      this.queuedRows += rows.length;
      this.waiting.push(call);
      this.fill();
      if (this.filling.isFull) this.dispatch();
      else this.schedule();
    });
  }

  /** Resolves when no call is left. */
  idle(): Promise<void> {
    if (this.calls === 0) return Promise.resolve();
    return new Promise((resolve) => this.onIdle.push(resolve));
  }

  /** Calls of the same turn of the event loop share a batch: requests that came together are read together. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.dispatch();
    });
  }

  /** Takes rows of waiting calls into the batch that is filled, by turns. */
  private fill(): void {
    const { filling, waiting } = this;
    while (!filling.isFull) {
      const call = waiting.shift();
      if (!call) return;
      if (call.isOver) continue;
      const at = filling.rows.rows;
      if (at === 0) filling.since = call.since;
      try {
        call.rows.addTo(filling.rows, call.next);
      } catch (error) {
        this.end(call, error);
        continue;
      }
      const count = filling.rows.rows - at;
      if (count > 0) filling.segments.push({ call, first: call.next, at, count });
      call.next += count;
      const isLeft = call.next < call.rows.length;
      if (isLeft) waiting.push(call);
      filling.isFull = isLeft || filling.rows.isFull;
    }
  }

  /** Gives batches to free threads. */
  private dispatch(): void {
    for (;;) {
      const { filling, pool, options } = this;
      const thread = pool.free;
      if (thread < 0 || filling.rows.rows === 0) return;
      const left = filling.isFull ? 0 : options.maxDelayMs - (performance.now() - filling.since);
      if (left > 0) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.dispatch();
        }, left);
        return;
      }
      // There is one batch more than threads.
      const next = this.free.pop();
      if (!next) throw new Error('All batches are in work, and a thread is free.');
      this.filling = next;
      const began = performance.now();
      const { rows, texts } = filling.rows;
      pool.run(thread, { batch: filling.number, rows, texts }, (outcome) =>
        this.deliver(filling, began, outcome),
      );
      this.fill();
    }
  }

  private deliver(batch: QueuedBatch, began: number, outcome: BatchOutcome): void {
    const { segments } = batch;
    const { rows } = batch.rows;
    const isScored = !(outcome instanceof ScoringFailure);
    if (isScored) this.refuse(segments, outcome.refused);
    for (const segment of segments) {
      const { call, count } = segment;
      if (call.isOver) continue;
      if (!isScored) {
        this.end(call, outcome);
        continue;
      }
      this.takeResults(segment, batch);
      call.done += count;
      this.queuedRows -= count;
      this.progress(call);
    }
    batch.segments = [];
    batch.isFull = false;
    batch.rows.clear();
    this.free.push(batch);
    if (this.options.onBatch && isScored) {
      const { encodeMs, lookupMs, networkMs } = outcome;
      const queueMs = Float64Array.from(segments, ({ call }) => began - call.since);
      this.options.onBatch({ rows, calls: segments.length, queueMs, encodeMs, lookupMs, networkMs });
    }
  }

  /** Ends the calls of rows that could not be encoded. */
  private refuse(segments: readonly Segment[], refused: readonly RefusedRow[]): void {
    for (const one of refused) {
      const segment = segments.find(({ at, count }) => one.row >= at && one.row < at + count);
      if (segment) this.end(segment.call, refusal(one, `Row ${segment.first + one.row - segment.at}`));
    }
  }

  private takeResults({ call, first, at, count }: Segment, { logits, oov }: QueuedBatch): void {
    for (let i = 0; i < count; i++) call.logits[first + i] = logits[at + i];
    const F = call.oov.length;
    for (let i = at * F; i < (at + count) * F; ) for (let f = 0; f < F; f++, i++) call.oov[f] += oov[i];
  }

  private progress(call: Call): void {
    const total = call.rows.length;
    try {
      call.options.onProgress?.({ done: call.done, total });
    } catch (error) {
      this.end(call, error);
    }
    if (call.done === total) this.end(call);
  }

  private end(call: Call, error?: unknown): void {
    if (call.isOver) return;
    call.isOver = true;
    this.queuedRows -= call.rows.length - call.done;
    if (call.abort) call.options.signal?.removeEventListener('abort', call.abort);
    if (error === undefined) call.resolve(call);
    else call.reject(error);
    if (--this.calls > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }

  /** Ends the calls that wait for a thread. */
  private fail(failure: ScoringFailure): void {
    const { filling } = this;
    for (const { call } of filling.segments) this.end(call, failure);
    for (const call of this.waiting.splice(0)) this.end(call, failure);
    filling.segments = [];
    filling.isFull = false;
    filling.rows.clear();
  }
}
