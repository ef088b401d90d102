// When a number is not finite: where to look. Only called when a run stops, so it may be slow.
import { UserError } from '../errors.js';
import { EMBEDDING, FIRST_ORDER } from '../scoring/blueprint.js';
import type { Exchange, PlannedBatch } from './exchange.js';

const help = 'lower the learning rate.';

/** The loss of a micro-batch is NaN or infinite: names the row of its table that has the largest value. */
export function lossNotFinite(
  exchange: Exchange,
  batch: PlannedBatch,
  index: number,
  loss: number,
  trainingStep: number,
): UserError {
  const { dim } = exchange.shape;
  let largest = { table: EMBEDDING, row: 0, value: 0 };
  for (const stored of storedRows(batch, batch.plan.microBatches[index].local)) {
    for (const value of exchange.floats('values', stored * dim, dim)) {
      if (!(Math.abs(value) <= Math.abs(largest.value))) {
        largest = { table: EMBEDDING, row: batch.stored[stored], value };
      }
      if (Number.isNaN(value)) break;
    }
    if (Number.isNaN(largest.value)) break;
  }
  if (exchange.shape.hasFirstOrder) {
    const weights = exchange.floats('firstOrder', 0, batch.plan.rows.length);
    for (const feature of batch.plan.microBatches[index].local) {
      const value = weights[feature];
      if (Math.abs(value) <= Math.abs(largest.value) || Number.isNaN(largest.value)) continue;
      largest = { table: FIRST_ORDER, row: batch.plan.rows[feature], value };
    }
  }
  return new UserError(
    `The loss is ${loss} at step ${trainingStep}. The largest value among its rows is ${largest.value}, in row ${largest.row} of table '${largest.table}'.`,
    help,
  );
}

/** Indices of the stored rows behind looked-up ones. */
function* storedRows({ pairs }: PlannedBatch, lookedUp: Uint32Array): Generator<number> {
  for (const unique of lookedUp) {
    if (pairs) yield* pairs.pairs.subarray(2 * unique, 2 * unique + 2);
    else yield unique;
  }
}

/** A gradient of the row is NaN or infinite. */
export function rowNotFinite(row: number, trainingStep: number, table = EMBEDDING): UserError {
  return new UserError(
    `The gradient of row ${row} of table '${table}' is not finite at step ${trainingStep}.`,
    help,
  );
}

/** Whether training stopped because of one of the two, in whatever process: by the sentences above. */
export function isDivergence(error: unknown): error is UserError {
  return (
    error instanceof UserError &&
    /^The (loss is \S+ at step|gradient of row \d+ of table '[\w-]+' is not finite at step) \d/.test(
      error.message,
    )
  );
}
