// One thread of a training team: runs the method's training step on its part of each batch, and scores.
import { workerData } from 'node:worker_threads';
import type { ErasedChanges } from '../embedding/erased-changes.js';
import type { EpochPosition } from '../embedding/method.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import type { Config } from '../runs/config.js';
import { BatchSlots, type SlotMemory } from '../scoring/batch-slots.js';
import {
  createDenseOptimizer,
  createMethod,
  createModel,
  createRowOptimizer,
  type DatasetShape,
  lookupShape,
} from '../scoring/blueprint.js';
import { answerScoring, type ScoringMessage } from '../scoring/messages.js';
import { Scorer } from '../scoring/scorer.js';
import { serve } from '../team/serve.js';
import { Trace } from '../team/trace.js';
import { DenseNetwork } from './dense-network.js';
import { Exchange, type PlannedBatch } from './exchange.js';
import type { ExchangeMemory } from './exchange-layout.js';
import { FirstOrder } from './first-order.js';
import { trainStep } from './step.js';

/** What each thread is given. */
export interface TrainingWorkerData {
  thread: number;
  config: Config;
  dataset: DatasetShape;
  table: TableMemory;
  /** Of first-order weights, where the model has them. */
  firstOrder: TableMemory | null;
  exchange: ExchangeMemory;
  /** Batches that are scored. */
  slots: SlotMemory;
  /** Where the thread notes what it spends its time on. */
  trace: SharedArrayBuffer | null;
}

/** What the main thread asks of a training team. */
export type TrainingMessage =
  | ScoringMessage
  | {
      kind: 'train';
      batch: PlannedBatch;
      trainingStep: number;
      position: EpochPosition;
      rateFactor: number;
    }
  | { kind: 'report' };

/** What a thread did and holds, for tests and the memory report. */
export interface ThreadReport {
  stagingBytes: number;
  networkRuns: number;
  /** Time inside the network's runs. */
  networkMs: number;
  rowsRead: number;
}

/** What a thread says of a batch: its mean loss, and changes of the codes that the thread wrote, if it is sampled. */
export interface TrainedBatch extends ErasedChanges {
  loss: number;
}

/** Nothing for scoring, what became of the batch for training, the report for a report. */
export type TrainingReply = undefined | TrainedBatch | ThreadReport;

const {
  thread,
  config,
  dataset,
  table: tableMemory,
  firstOrder: firstOrderMemory,
  exchange: exchangeMemory,
  slots: slotMemory,
  trace: ring,
} = workerData as TrainingWorkerData;
const table = new Table(tableMemory, thread);
const trace = ring && new Trace(ring);
const exchange = new Exchange(exchangeMemory, trace);
const method = createMethod(config);
const weights = firstOrderMemory && new Table(firstOrderMemory, thread);
const slots = new BatchSlots(slotMemory);
const scorer = new Scorer(table, weights, slots.shape, lookupShape(config, dataset));
const network = await DenseNetwork.create({
  model: createModel(config, dataset, 'training'),
  exchange,
  thread,
  seed: config.training.seed,
  optimizer: createDenseOptimizer(),
  firstOrder: weights && new FirstOrder(weights, exchange, thread, createRowOptimizer(config)),
});

const parts = { config, thread, table, exchange, method, network };

serve(
  (message: TrainingMessage): Promise<TrainingReply> | TrainingReply => {
    trace?.lap('await a batch');
    switch (message.kind) {
      case 'train':
        if (trace) trace.step = message.trainingStep;
        return trainStep(
          parts,
          message.batch,
          message.trainingStep,
          message.position,
          message.rateFactor,
        ).then((loss) => ({ loss, ...table.takeErased() }));
      case 'report':
        return {
          stagingBytes: network.stagingBytes + scorer.stagingBytes,
          networkRuns: network.runs,
          networkMs: network.runMs,
          rowsRead: table.rowsRead,
        };
      default:
        return answerScoring(scorer, slots, message).then(() => {
          trace?.lap('score');
          return undefined;
        });
    }
  },
  () => exchange.barrier.abandon(),
);
