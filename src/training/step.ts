// One training step as one thread of the team runs it: lends the method its part of the batch.
import type { EpochPosition, Method, TrainingStep } from '../embedding/method.js';
import type { Table } from '../embedding/table.js';
import type { Config } from '../runs/config.js';
import { claimBlocks } from './blocks.js';
import type { DenseNetwork } from './dense-network.js';
import type { Exchange, PlannedBatch } from './exchange.js';
import { tableShare } from './table-share.js';

/** What a thread trains with. */
export interface StepParts {
  config: Config;
  /** Which of the team's threads this is. */
  thread: number;
  table: Table;
  exchange: Exchange;
  method: Method;
  network: DenseNetwork;
}

/**
 * Trains on one batch, together with all other threads.
 *
 * @param trainingStep t, counted from 1 over the whole run
 * @param position of the batch in its epoch
 * @param rateFactor of the learning-rate schedule
 * @returns the batch's mean loss, the same on every thread
 */
export async function trainStep(
  { config, thread, table, exchange, method, network }: StepParts,
  batch: PlannedBatch,
  trainingStep: number,
  position: EpochPosition,
  rateFactor: number,
): Promise<number> {
  const { learningRate: rowRate, weightDecay } = config.optimizer;
  network.begin(
    batch,
    {
      trainingStep,
      learningRate: (config.dense.learningRate ?? config.optimizer.learningRate) * rateFactor,
      weightDecay: config.dense.weightDecay,
    },
    { trainingStep, learningRate: rowRate * rateFactor, weightDecay },
  );
  const blocks = claimBlocks(exchange, batch);
  const rows = batch.stored;
  const alone: TrainingStep['alone'] = (work) => {
    exchange.meet('update');
    if (thread === 0) work({ rows, dSteps: exchange.floats('dSteps', 0, rows.length) });
    exchange.trace?.lap('alone');
  };
  const together: TrainingStep['together'] = (work) => {
    exchange.meet('update');
    work(tableShare(exchange, thread, table.rows));
    exchange.trace?.lap('together');
  };
  const batchRows = batch.rows;
  await method.trainStep({
    table,
    blocks,
    network,
    trainingStep,
    position,
    batchRows,
    rateFactor,
    alone,
    together,
  });
  const loss = network.loss(batch);
  // No row is read for the next batch before all of this one's are written.
  exchange.meet('update');
  return loss;
}
