// Blocks of the stored rows behind a batch, with the arrays of the exchange that belong to them.
import type { Block } from '../embedding/method.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/** The blocks that this thread gets to; threads share them out as they go. */
export function* claimBlocks(exchange: Exchange, batch: PlannedBatch): Generator<Block> {
  for (const { start, end } of exchange.claimRows(batch.stored.length)) {
    yield blockAt(exchange, batch, start, end);
  }
}

function blockAt(exchange: Exchange, batch: PlannedBatch, start: number, end: number): Block {
  const { dim } = exchange.shape;
  const count = end - start;
  return {
    start,
    rows: batch.stored.subarray(start, end),
    values: exchange.floats('values', start * dim, count * dim),
    gradient: exchange.floats('gradient', start * dim, count * dim),
    change: exchange.floats('change', start * dim, count * dim),
    steps: exchange.floats('steps', start, count),
    dSteps: exchange.floats('dSteps', start, count),
    newSteps: exchange.floats('newSteps', start, count),
  };
}
