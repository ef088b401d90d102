// First-order weights of a batch in the exchange, w (U): one number for each feature that the batch looks up, from a
// table of their own. Threads share the features out by their number, so that no claiming and no barrier of its own is
// needed: the barrier at which all embeddings are there serves both.
import type { RowValues } from '../embedding/row-values.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/** A thread's part of the batch's features: those from `start` to `end` − 1 of `plan.rows`. */
export function shareOfFeatures(
  exchange: Exchange,
  { plan }: PlannedBatch,
  thread: number,
): { start: number; end: number } {
  const { threads } = exchange.shape;
  const share = (number: number) => Math.floor((plan.rows.length * number) / threads);
  return { start: share(thread), end: share(thread + 1) };
}

/** Reads this thread's part of the weights. All threads call it, before a barrier. */
export function readFirstOrder(
  table: RowValues,
  exchange: Exchange,
  batch: PlannedBatch,
  thread: number,
): void {
  const { start, end } = shareOfFeatures(exchange, batch, thread);
  table.read(batch.plan.rows.subarray(start, end), exchange.floats('firstOrder', start, end - start));
}
