// When a number is not finite: where to look. Only called when a run stops, so it may be slow.
import { UserError } from '../errors.js';
import { EMBEDDING } from '../scoring/blueprint.js';
import type { Exchange, PlannedBatch } from '../scoring/exchange.js';

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
  let largest = { row: 0, value: 0 };
  for (const unique of batch.plan.microBatches[index].local) {
    for (const value of exchange.floats('values', unique * dim, dim)) {
      if (!(Math.abs(value) <= Math.abs(largest.value))) largest = { row: batch.plan.rows[unique], value };
      if (Number.isNaN(value)) break;
    }
    if (Number.isNaN(largest.value)) break;
  }
  return new UserError(
    `The loss is ${loss} at step ${trainingStep}. The largest value among its rows is ${largest.value}, in row ${largest.row} of table '${EMBEDDING}'.`,
    help,
  );
}

/** A gradient of the row is NaN or infinite. */
export function rowNotFinite(row: number, trainingStep: number): UserError {
  return new UserError(
    `The gradient of row ${row} of table '${EMBEDDING}' is not finite at step ${trainingStep}.`,
    help,
  );
}

/** Whether training stopped because of one of the two, in whatever process: by the sentences above. */
export function isDivergence(error: unknown): error is UserError {
  return (
    error instanceof UserError &&
    /^The (loss is \S+ at step|gradient of row \d+ of table '\w+' is not finite at step) \d/.test(
      error.message,
    )
  );
}
