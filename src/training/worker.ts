// One thread of a training team: runs the method's training step on its part of each batch, and scores.
import { workerData } from 'node:worker_threads';
import type { TrainingStep } from '../embedding/method.js';
import { Table, type TableMemory } from '../embedding/table.js';
import type { Config } from '../runs/config.js';
import { createDenseOptimizer, createMethod, createModel, type DatasetShape } from '../scoring/blueprint.js';
import { Exchange, type ExchangeMemory, type PlannedBatch } from '../scoring/exchange.js';
import { answerScoring, type ScoringMessage } from '../scoring/messages.js';
import { Scorer } from '../scoring/scorer.js';
import { serve } from '../team/serve.js';
import { DenseNetwork } from './dense-network.js';

export interface TrainingWorkerData {
  thread: number;
  config: Config;
  dataset: DatasetShape;
  table: TableMemory;
  exchange: ExchangeMemory;
}

export type TrainingMessage =
  | ScoringMessage
  | { kind: 'train'; batch: PlannedBatch; trainingStep: number; rateFactor: number }
  | { kind: 'report' };

/** What a thread did and holds, for tests and the memory report. */
export interface ThreadReport {
  stagingBytes: number;
  networkRuns: number;
  rowsRead: number;
}

export type TrainingReply = undefined | { loss: number } | ThreadReport;

const {
  thread,
  config,
  dataset,
  table: tableMemory,
  exchange: exchangeMemory,
} = workerData as TrainingWorkerData;
const table = new Table(tableMemory, thread);
const exchange = new Exchange(exchangeMemory);
const method = createMethod(config);
const scorer = new Scorer(table, exchange, thread);
const network = await DenseNetwork.create(
  createModel(config, dataset, 'training'),
  exchange,
  thread,
  config.training.seed,
  createDenseOptimizer(),
);

async function train(
  batch: PlannedBatch,
  trainingStep: number,
  rateFactor: number,
): Promise<{ loss: number }> {
  const { dim } = exchange.shape;
  const { start, end } = exchange.part(thread, batch.plan.rows.length);
  const count = end - start;
  const step: TrainingStep = {
    table,
    rows: batch.plan.rows.subarray(start, end),
    network,
    trainingStep,
    batchRows: batch.rows,
    rateFactor,
    values: exchange.floats('values', start * dim, count * dim),
    gradient: exchange.floats('gradient', start * dim, count * dim),
    change: exchange.floats('change', start * dim, count * dim),
    steps: exchange.floats('steps', start, count),
    dSteps: exchange.floats('dSteps', start, count),
    newSteps: exchange.floats('newSteps', start, count),
  };
  network.begin(batch, {
    trainingStep,
    learningRate: (config.dense.learningRate ?? config.optimizer.learningRate) * rateFactor,
    weightDecay: config.dense.weightDecay,
  });
  await method.trainStep(step);
  const loss = network.loss(batch);
  // No row is read for the next batch before all of this one's are written.
  exchange.barrier.wait();
  return { loss };
}

serve((message: TrainingMessage): Promise<TrainingReply> | TrainingReply => {
  switch (message.kind) {
    case 'train':
      return train(message.batch, message.trainingStep, message.rateFactor);
    case 'report':
      return {
        stagingBytes: network.stagingBytes + scorer.stagingBytes,
        networkRuns: network.runs,
        rowsRead: table.rowsRead,
      };
    default:
      return answerScoring(scorer, message).then(() => undefined);
  }
});
