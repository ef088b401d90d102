// Many calls, one team: rows of concurrent calls go into batches together, each call's logits come back to it. A row's
// logit is the same in every batch, so nobody can tell. Calls take turns, so that a long one does not keep short ones
// waiting; an error in one call's rows ends that call alone.
import type { Batch } from '../batch/reader.js';
import { BadCell } from '../schema/bad-cell.js';
import type { RawRow } from '../schema/rows.js';
import { LongRow, RowBatch } from './row-batch.js';
import type { RowEncoder } from './row-encoder.js';
import { type ScoredBatch, type ScoringParts, scoreBatches } from './score-batches.js';

/** What a call comes to. */
export interface CallResult {
  logits: Float32Array; // (rows)
  oov: Float64Array; // (F)
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

interface Call extends CallResult {
  rows: readonly RawRow[];
  options: CallOptions;
  /** Rows that were encoded, and rows that were scored. */
  next: number;
  done: number;
  isOver: boolean;
  end(error?: unknown): void;
}

/** Rows `first` to `first + count` of a call, from row `at` of a batch on. */
interface Segment {
  call: Call;
  first: number;
  at: number;
  count: number;
}

/** The queue in front of a team. */
export class CallQueue {
  private readonly waiting: Call[] = [];
  /** Per batch with the team, what it is made of; oldest first. */
  private readonly inWork: Segment[][] = [];
  private working: Promise<void> | undefined;
  private readonly batch: RowBatch;

  constructor(
    private readonly parts: ScoringParts,
    private readonly encoder: RowEncoder,
  ) {
    this.batch = new RowBatch(parts.exchange.shape);
  }

  /** Scores rows. Rejects with the signal's reason when it is aborted. */
  score(rows: readonly RawRow[], options: CallOptions): Promise<CallResult> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      signal?.throwIfAborted();
      const { fields } = this.parts.exchange.shape;
      const abort = () => call.end(signal?.reason);
      const call: Call = {
        rows,
        options,
        logits: new Float32Array(rows.length),
        oov: new Float64Array(fields),
        next: 0,
        done: 0,
        isOver: false,
        end(error) {
          if (call.isOver) return;
          call.isOver = true;
          signal?.removeEventListener('abort', abort);
          if (error === undefined) resolve({ logits: call.logits, oov: call.oov });
          else reject(error);
        },
      };
      if (rows.length === 0) return call.end();
      signal?.addEventListener('abort', abort);
      this.waiting.push(call);
      this.start();
    });
  }

  /** Resolves when no call is left. */
  async idle(): Promise<void> {
    while (this.working) await this.working;
  }

  private start(): void {
    this.working ??= this.work().finally(() => {
      this.working = undefined;
      // A call may have come when the work was just over.
      if (this.waiting.length > 0) this.start();
    });
  }

  private async work(): Promise<void> {
    // Calls of the same moment share the first batch.
    await Promise.resolve();
    try {
      while (this.waiting.length > 0) {
        for await (const scored of scoreBatches(this.parts, this.batches())) this.deliver(scored);
      }
    } catch (error) {
      for (const call of [...this.inWork.flat().map((segment) => segment.call), ...this.waiting])
        call.end(error);
      this.inWork.length = 0;
      this.waiting.length = 0;
    }
  }

  private *batches(): Generator<Batch> {
    const { batch } = this;
    for (;;) {
      const segments: Segment[] = [];
      let isFull = false;
      for (let call = this.waiting.shift(); call; call = isFull ? undefined : this.waiting.shift()) {
        const at = batch.rows;
        isFull = this.encodePart(call);
        const count = batch.rows - at;
        if (count > 0) segments.push({ call, first: call.next, at, count });
        call.next += count;
        if (!call.isOver && call.next < call.rows.length) this.waiting.push(call);
      }
      if (batch.rows === 0) return;
      this.inWork.push(segments);
      yield batch.take();
    }
  }

  /** Encodes the next rows of a call into the batch. @returns whether the batch is full */
  private encodePart(call: Call): boolean {
    const { batch, encoder } = this;
    for (let i = call.next; i < call.rows.length && !call.isOver; i++) {
      try {
        const row = encoder.encode(call.rows[i]);
        if (!batch.add(row)) return true;
        for (let f = 0; f < row.oov.length; f++) call.oov[f] += row.oov[f];
      } catch (error) {
        call.end(error instanceof BadCell || error instanceof LongRow ? error.at(`Row ${i}`) : error);
      }
    }
    return false;
  }

  private deliver({ logits }: ScoredBatch): void {
    for (const { call, first, at, count } of this.inWork.shift() ?? []) {
      if (call.isOver) continue;
      call.logits.set(logits.subarray(at, at + count), first);
      call.done += count;
      try {
        call.options.onProgress?.({ done: call.done, total: call.rows.length });
      } catch (error) {
        call.end(error);
      }
      if (call.done === call.rows.length) call.end();
    }
  }
}
