// The main thread's side of the exchange: puts a batch's row plan into a slot, with its labels, numbers and weights.
import { microBatches } from '../batch/micro-batches.js';
import { PairPlanner } from '../batch/pair-planner.js';
import type { Batch } from '../batch/reader.js';
import { RowPlanner } from '../batch/row-planner.js';
import type { Pooling } from '../schema/schema.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/** Plans batches into the exchange's slots, by turns. */
export class BatchPlanner {
  private readonly planner: RowPlanner;
  private readonly pairPlanner: PairPlanner | null;
  private next = 0;

  /**
   * @param offsets (F) the first table row of each field's vocabulary
   * @param poolings (F) where a field is a bag
   */
  constructor(
    private readonly exchange: Exchange,
    offsets: Uint32Array,
    poolings: readonly (Pooling | null)[] = [],
  ) {
    const { batchRows, bagIds, pairs } = exchange.shape;
    const isMean = poolings.map((pooling) => pooling === 'mean');
    this.planner = new RowPlanner(batchRows, offsets, bagIds === null ? null : { mostIds: bagIds, isMean });
    this.pairPlanner = pairs && new PairPlanner(pairs);
  }

  get bytes(): number {
    return this.planner.bytes + (this.pairPlanner?.bytes ?? 0);
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
      batch.offsets,
    );
    const pairs =
      this.pairPlanner?.plan(plan.rows, exchange.memory.buffer, exchange.pairPlanAt(slot)) ?? null;
    exchange.labels(slot).set(batch.labels);
    if (exchange.shape.numbers > 0) {
      if (!batch.numbers) throw new RangeError(`a batch without its ${exchange.shape.numbers} numbers a row`);
      exchange.numbers(slot).set(batch.numbers);
    }
    if (exchange.shape.hasWeight && batch.weights) exchange.weights(slot).set(batch.weights);
    return {
      slot,
      rows: batch.rows,
      weight: batchWeight(batch),
      plan,
      pairs,
      stored: pairs?.rows ?? plan.rows,
      microBatches: micro,
    };
  }
}

/** Sum of a batch's weights, the number of its rows where they have none. */
export function batchWeight({ rows, weights }: Batch): number {
  return weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows;
}
