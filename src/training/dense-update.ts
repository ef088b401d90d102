// What all threads do to the dense parameters after a pass, each on its own blocks: the micro-batches' gradients
// summed by a binary tree over their index, then the optimizer. To it a block is what a row is of a table.
import { UserError } from '../errors.js';
import { DENSE_BLOCK, type DenseLayout } from '../models/dense.js';
import type { Optimizer, UpdateSettings } from '../optimizers/optimizer.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/** Share of the old running statistic that is kept in each step, as torch's default momentum of 0.1. */
const STATISTIC_KEPT = 0.9;

/** Updates this thread's part of the parameters from `denseGradients`, which it uses up. */
export function updateDense(
  exchange: Exchange,
  thread: number,
  dense: DenseLayout,
  optimizer: Optimizer,
  settings: UpdateSettings,
  microBatches: number,
): void {
  const { kernels, at } = exchange;
  const blocks = dense.length / DENSE_BLOCK;
  const { threads } = exchange.shape;
  const start = Math.floor((blocks * thread) / threads);
  const end = Math.floor((blocks * (thread + 1)) / threads);
  const from = 4 * start * DENSE_BLOCK;
  const floats = (end - start) * DENSE_BLOCK;
  const gradients = (index: number) => at.denseGradients + 4 * index * dense.length + from;
  for (let width = 1; width < microBatches; width *= 2) {
    for (let p = 0; p + width < microBatches; p += 2 * width) {
      kernels.addInto(gradients(p), gradients(p + width), floats);
    }
  }
  const bad = kernels.findNonFinite(gradients(0), floats);
  if (bad >= 0) {
    const index = start * DENSE_BLOCK + bad;
    const name = dense.entries.find(({ offset, length }) => index < offset + length)?.name;
    throw new UserError(
      `The gradient of '${name}' is not finite at step ${settings.trainingStep}.`,
      'lower the learning rate.',
    );
  }
  // The change takes the gradient's place.
  const block = {
    rows: at.denseBlocks + 4 * start,
    count: end - start,
    dim: DENSE_BLOCK,
    values: at.dense + from,
    gradient: gradients(0),
    change: gradients(0),
  };
  // In fp32, so that nothing is drawn.
  const states = { states: at.denseState, stride: optimizer.stateBytes(DENSE_BLOCK), firstRow: 0 };
  optimizer.change(kernels, { ...states, of: 'values' }, block, settings);
  kernels.addInto(at.dense + from, gradients(0), floats);
}

/** Running statistics: the micro-batches' values weighed by their rows, in index order, once a step. */
export function updateStatistics(exchange: Exchange, batch: PlannedBatch): void {
  const length = exchange.shape.statistics;
  const running = exchange.floats('running', 0, length);
  const values = exchange.floats('statistics', 0, batch.microBatches.length * length);
  for (let j = 0; j < length; j++) {
    let mean = 0;
    for (const [index, { rows }] of batch.microBatches.entries()) {
      mean += (rows / batch.rows) * values[index * length + j];
    }
    running[j] = STATISTIC_KEPT * running[j] + (1 - STATISTIC_KEPT) * mean;
  }
}
