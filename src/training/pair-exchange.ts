// Where embeddings are made of two stored rows (embedding/pairs.ts): between the exchange's stored values (S, D) and
// the embeddings (U, D) that micro-batches are expanded from, forward and back. By the chain rule the gradient of an
// embedding is summed over its occurrences once, as for any table, and shared out to its two rows after that: work and
// memory are of U rows, not of B·F occurrences. A stored row's gradient is summed over its embeddings in their order,
// by one thread, so that the number of threads does not show.
import type { Block } from '../embedding/method.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/**
 * Makes the batch's embeddings from the values of its stored rows, which all threads must have set. All threads call
 * it; when it returns they are there. Nothing for tables without pairs.
 */
export function combinePairs(exchange: Exchange, { plan, pairs }: PlannedBatch): void {
  const { kernels, at, shape } = exchange;
  if (!pairs || !shape.pairs) return;
  const combine = shape.pairs.combine === 'product' ? kernels.multiplyPairs : kernels.addPairs;
  for (const { start, end } of exchange.claimRows(plan.rows.length)) {
    const out = at.embeddings + 4 * start * shape.dim;
    combine(at.values, pairs.pairs.byteOffset + 8 * start, end - start, shape.dim, out);
  }
  exchange.meet('pairs');
}

/** The gradients of a block's stored rows, from those of the embeddings, which all threads must have set. */
export function splitPairs(
  exchange: Exchange,
  { pairs }: PlannedBatch,
  { start, rows, gradient }: Block,
): void {
  const { kernels, at, shape } = exchange;
  if (!pairs || !shape.pairs) return;
  const [starts, members] = [pairs.starts.byteOffset, pairs.members.byteOffset];
  const { length } = rows;
  const out = gradient.byteOffset;
  if (shape.pairs.combine === 'sum') {
    kernels.segmentSum(at.embeddings, starts + 4 * start, members, length, shape.dim, out);
  } else {
    const of = pairs.pairs.byteOffset;
    kernels.pairGradients(at.embeddings, at.values, of, starts, members, start, length, shape.dim, out);
  }
}
