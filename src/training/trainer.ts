// Everything a run holds while it trains: table, exchange, team and network vectors, from a configuration and the
// shape of a dataset. Knows how to train an epoch, validate and save; when to do which is train.ts's business.
import { type Batch, batchCount, readBatches } from '../batch/reader.js';
import { mostIdsOf } from '../data/bags.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { Table } from '../embedding/table.js';
import { allocateTable, type TableMemory } from '../embedding/table-memory.js';
import { type Metrics, Scores } from '../metrics/scores.js';
import { DENSE_BLOCK, denseLayout, initializeDense } from '../models/dense.js';
import type { Model } from '../models/model.js';
import { rateFactor } from '../optimizers/schedule.js';
import { type DenseTensor, loadCheckpoint, saveCheckpoint } from '../runs/checkpoint.js';
import type { Config } from '../runs/config.js';
import { type EpochSums, nothingDone } from '../runs/progress.js';
import { allocateSlots, BatchSlots, type SlotMemory } from '../scoring/batch-slots.js';
import {
  createMethod,
  createModel,
  datasetShape,
  embeddingSpec,
  fieldOffsets,
  firstOrderSpec,
} from '../scoring/blueprint.js';
import { tablesOf } from '../scoring/open-run.js';
import { scoreSplit } from '../scoring/score-split.js';
import { denseTensors, scoringOnnx } from '../scoring/scoring-graph.js';
import { checkThreads, Team } from '../team/team.js';
import { allocateTrace, Trace } from '../team/trace.js';
import { BatchPlanner, batchWeight } from './batch-planner.js';
import { addBatch, combineReplies } from './epoch-sums.js';
import { Exchange } from './exchange.js';
import { allocateExchange, type ExchangeMemory, SLOTS } from './exchange-layout.js';
import { countMemory, type MemoryReport, predictMemory } from './memory.js';
import { trainingExchange } from './training-exchange.js';
import type {
  ThreadReport,
  TrainedBatch,
  TrainingMessage,
  TrainingReply,
  TrainingWorkerData,
} from './worker.js';

/** What a trainer is made from. */
export interface TrainerOptions {
  dataset: EncodedDataset;
  config: Config;
  threads: number;
  /** Where the configuration has hot rows: see `DatasetShape`. */
  hotRows?: number[] | undefined;
  /** Smaller than 2 GiB only in tests. */
  shardBytes?: number;
  /** Whether threads note what they spend their time on. */
  hasTrace?: boolean | undefined;
}

/** After each batch: how far the epoch is. */
export interface EpochProgress {
  epoch: number;
  /** Batches of this epoch, and what was done of it. */
  batches: number;
  done: EpochSums;
  /** Loss of the last batch. */
  loss: number;
}

/** What a training epoch needs beside the data. */
export interface EpochOptions {
  onProgress?: ((progress: EpochProgress) => void) | undefined;
  /** Stops between two batches, when those that were begun are done. */
  signal?: AbortSignal | undefined;
  /** What was done of the epoch before: it goes on from there. */
  done?: EpochSums | undefined;
  pause?: Pause | undefined;
}

/** Interrupts training between two batches, with none in work. No bit of the result may depend on it. */
export interface Pause {
  isDue(): boolean;
  take(): Promise<void>;
}

/** A model being trained. Must be closed, whatever happens. */
export class Trainer {
  /** Training steps done, t. */
  trainingStep = 0;
  readonly predicted: MemoryReport;
  /** Of embeddings. */
  readonly table: TableMemory;
  /** Of first-order weights, where the model has them. */
  readonly firstOrder: TableMemory | null;
  /** Rings of spans, of this thread and then of the team's; none without a trace. */
  readonly traces: readonly SharedArrayBuffer[];
  private readonly trace: Trace | null;
  /** Batches of each epoch. */
  private readonly epochBatches: number;
  private readonly exchange: Exchange;
  private readonly exchangeMemory: ExchangeMemory;
  private readonly planner: BatchPlanner;
  /** Batches that are scored. */
  private readonly slots: BatchSlots;
  private readonly slotMemory: SlotMemory;
  private readonly team: Team<TrainingMessage, TrainingReply>;
  private readonly scoringModel: Model;
  private readonly tensors: DenseTensor[];
  /** Optimizer state of the dense parameters. */
  private readonly denseState: Uint8Array;

  constructor(private readonly options: TrainerOptions) {
    const { dataset, config, threads, hotRows, hasTrace = false } = options;
    checkThreads(threads);
    this.traces = hasTrace ? Array.from({ length: threads + 1 }, () => allocateTrace()) : [];
    this.trace = hasTrace ? new Trace(this.traces[0]) : null;
    const shape = { ...datasetShape(dataset.manifest), hotRows };
    this.epochBatches = batchCount(dataset, 'train', config.training.batchSize);
    const model = createModel(config, shape, 'training');
    const spec = embeddingSpec(config, shape, { ...options, isTraining: true });
    const weights = firstOrderSpec(config, shape, model, { ...options, isTraining: true });
    const bagIds = mostIdsOf(dataset.manifest, config.training.batchSize);
    const exchangeShape = trainingExchange(config, shape, model, threads, bagIds);
    this.predicted = predictMemory(weights ? [spec, weights] : [spec], model, exchangeShape);

    this.table = allocateTable(spec);
    this.firstOrder = weights && allocateTable(weights);
    this.exchangeMemory = allocateExchange(exchangeShape);
    this.exchange = new Exchange(this.exchangeMemory);
    this.planner = new BatchPlanner(this.exchange, fieldOffsets(shape), shape.poolings);
    this.slotMemory = allocateSlots(exchangeShape);
    this.slots = new BatchSlots(this.slotMemory);
    this.scoringModel = createModel(config, shape, 'scoring');

    const dense = denseLayout(model);
    const parameters = this.exchange.floats('dense', 0, dense.length);
    initializeDense(model, dense, config.training.seed, parameters);
    const blocks = new Uint32Array(
      this.exchange.memory.buffer,
      this.exchange.at.denseBlocks,
      dense.length / DENSE_BLOCK,
    );
    for (let i = 0; i < blocks.length; i++) blocks[i] = i;
    const running = this.exchange.floats('running', 0, exchangeShape.statistics);
    this.tensors = denseTensors(model, parameters, running);
    const { buffer } = this.exchange.memory;
    const stateBytes = exchangeShape.denseStateBytes;
    this.denseState = new Uint8Array(buffer, this.exchange.at.denseState, stateBytes);
    for (const { name, data } of this.tensors) if (name.endsWith('.variance')) data.fill(1);

    this.team = new Team(
      new URL('./worker.js', import.meta.url),
      threads,
      (thread): TrainingWorkerData => ({
        thread,
        config,
        dataset: shape,
        table: this.table,
        firstOrder: this.firstOrder,
        exchange: this.exchangeMemory,
        slots: this.slotMemory,
        trace: hasTrace ? this.traces[thread + 1] : null,
      }),
      () => this.exchange.barrier.abandon(),
    );
  }

  /** Trains on every batch of the epoch, counted from 1. @returns the mean loss over its rows, by their weight */
  async trainEpoch(epoch: number, options: EpochOptions = {}): Promise<number> {
    const { dataset, config } = this.options;
    const { batchSize, seed } = config.training;
    const { onProgress, signal, pause } = options;
    let done = options.done ?? nothingDone;
    const batches = this.epochBatches;
    const order = { seed, epoch };
    const { trace } = this;
    const rest = readBatches(dataset, { split: 'train', batchSize, order, startBatch: done.batch, trace });
    const onBatch = (batch: Batch, trained: TrainedBatch) => {
      done = addBatch(done, { ...trained, rows: batch.rows, weight: batchWeight(batch) }, batches);
      onProgress?.({ epoch, batches, done, loss: trained.loss });
    };
    await this.trainOn(rest, rateFactor(config.optimizer.drops, epoch), onBatch, signal, pause);
    createMethod(config).finishEpoch?.(new Table(this.table, 0));
    return done.rows > 0 ? done.lossSum / done.weight : 0;
  }

  /** Trains on batches in their order; while the team works on one, the next is read and planned. */
  async trainOn(
    batches: AsyncIterable<Batch> | Iterable<Batch>,
    factor: number,
    onBatch: (batch: Batch, trained: TrainedBatch) => void,
    signal?: AbortSignal,
    pause?: Pause,
  ): Promise<void> {
    const { trace } = this;
    const inWork: { batch: Batch; replies: Promise<TrainingReply[]> }[] = [];
    /** Waits until at most that many batches are in work. */
    const finish = async (left: number) => {
      while (inWork.length > left) {
        const { batch, replies } = inWork[0];
        // To a batch every thread replies with what it made of it.
        const trained = (await replies) as TrainedBatch[];
        inWork.shift();
        onBatch(batch, combineReplies(trained));
      }
    };
    const stop = async () => {
      await finish(0);
      signal?.throwIfAborted();
    };
    try {
      trace?.start();
      for await (const batch of batches) {
        if (trace) trace.step = this.trainingStep + 1;
        trace?.lap('read');
        if (signal?.aborted) await stop();
        if (pause?.isDue()) {
          await finish(0);
          trace?.lap('await the team');
          await pause.take();
        }
        await finish(SLOTS - 1);
        trace?.lap('await the team');
        const planned = this.planner.plan(batch);
        trace?.lap('plan');
        this.trainingStep++;
        const replies = this.team.call({
          kind: 'train',
          batch: planned,
          trainingStep: this.trainingStep,
          position: { epoch: batch.epoch, batch: batch.index + 1, batches: this.epochBatches },
          rateFactor: factor,
        });
        // Awaited later; until then a failure must not end the process.
        replies.catch(() => {});
        inWork.push({ batch, replies });
      }
      await stop();
      trace?.lap('await the team');
    } finally {
      // Ending a thread while onnxruntime works in it ends the process.
      await Promise.allSettled(inWork.map(({ replies }) => replies));
    }
  }

  /** Metrics of the present model on a split. */
  async evaluate(split: string, signal?: AbortSignal): Promise<Metrics> {
    const { team, slots, trace } = this;
    const { dataset } = this.options;
    trace?.start();
    await team.call({ kind: 'load', model: scoringOnnx(this.scoringModel, this.tensors) });
    const scores = new Scores();
    const { numbers } = dataset.manifest;
    for await (const batch of scoreSplit({ team, slots, dataset, split, numbers, signal })) {
      scores.add(batch.logits, batch.labels, batch);
    }
    trace?.lap('validation');
    return scores.metrics();
  }

  /** Writes the present model. Like the next two, only while no batch is in work. */
  async save(path: string, metadata: Record<string, string>): Promise<void> {
    await this.saveTraced(() =>
      saveCheckpoint(path, { tables: tablesOf(this), dense: this.tensors, metadata }),
    );
  }

  /** Writes the present model and the optimizer's state: all that training goes on from. */
  async saveState(path: string, metadata: Record<string, string>): Promise<void> {
    const { tensors: dense, denseState } = this;
    await this.saveTraced(() =>
      saveCheckpoint(path, { tables: tablesOf(this), dense, denseState, metadata }),
    );
  }

  private async saveTraced(save: () => Promise<void>): Promise<void> {
    this.trace?.start();
    await save();
    this.trace?.lap('checkpoint');
  }

  /**
   * Loads what `saveState` wrote, before the first batch.
   *
   * @param trainingStep t after which it was written
   * @param offsets by table, first row of each vocabulary, then V, when it was: vocabularies may have grown at their
   * ends
   */
  async restore(
    path: string,
    trainingStep: number,
    offsets?: ReadonlyMap<string, readonly number[]>,
  ): Promise<void> {
    const { tensors: dense, denseState } = this;
    await loadCheckpoint(path, { tables: tablesOf(this), dense, denseState, ...(offsets && { offsets }) });
    this.trainingStep = trainingStep;
  }

  async threadReports(): Promise<ThreadReport[]> {
    return (await this.team.call({ kind: 'report' })) as ThreadReport[];
  }

  async allocatedMemory(): Promise<MemoryReport> {
    const staging = (await this.threadReports()).reduce((sum, { stagingBytes }) => sum + stagingBytes, 0);
    return countMemory(tablesOf(this), this.exchangeMemory, this.slotMemory, this.planner.bytes, staging);
  }

  async close(): Promise<void> {
    await this.team.close();
  }
}
