// The main thread's side of the exchange: puts a batch's labels and row plan into a slot.
import { microBatches } from '../batch/micro-batches.js';
import { RowPlanner } from '../batch/plan.js';
import type { Batch } from '../batch/reader.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/** Plans batches into the exchange's slots, by turns. */
export class BatchPlanner {
  private readonly planner: RowPlanner;
  private next = 0;

  /** @param offsets (F) the first table row of each field's vocabulary */
  constructor(
    private readonly exchange: Exchange,
    offsets: Uint32Array,
  ) {
    this.planner = new RowPlanner(exchange.shape.batchRows, offsets);
  }

  get bytes(): number {
    return this.planner.bytes;
  }

  /** Plans a batch into the next slot, which must be free: at most SLOTS batches can be with the team. */
  plan(batch: Batch): PlannedBatch {
    const { exchange } = this;
    const slot = this.next;
    this.next = 1 - this.next;
    const micro = microBatches(batch.rows, exchange.shape.microRows);
    const plan = this.planner.plan(
      batch.ids,
      batch.rows,
      micro[0].paddedRows,
      exchange.memory.buffer,
      exchange.planAt(slot),
    );
    exchange.labels(slot).set(batch.labels);
    return { slot, rows: batch.rows, plan, microBatches: micro };
  }
}
