// A training of one thread in this process, on batches given as arrays: for tests that look inside a step.

import type { Method } from '../src/embedding/method.js';
import { Table } from '../src/embedding/table.js';
import { allocateTable, type TableMemory } from '../src/embedding/table-memory.js';
import { writeRecords } from '../src/embedding/table-records.js';
import { DENSE_BLOCK, denseLayout } from '../src/models/dense.js';
import type { Optimizer } from '../src/optimizers/optimizer.js';
import type { Config } from '../src/runs/config.js';
import {
  createDenseOptimizer,
  createMethod,
  createModel,
  createRowOptimizer,
  type DatasetShape,
  embeddingSpec,
  fieldOffsets,
  firstOrderSpec,
} from '../src/scoring/blueprint.js';
import { denseTensors } from '../src/scoring/scoring-graph.js';
import { BatchPlanner } from '../src/training/batch-planner.js';
import { DenseNetwork } from '../src/training/dense-network.js';
import { Exchange, type PlannedBatch } from '../src/training/exchange.js';
import { allocateExchange } from '../src/training/exchange-layout.js';
import { FirstOrder } from '../src/training/first-order.js';
import { trainStep } from '../src/training/step.js';
import { trainingExchange } from '../src/training/training-exchange.js';

/** (rows, F): an id, or a bag of them. */
type Ids = readonly (readonly (number | readonly number[])[])[];
/** (rows, N) and (rows). */
interface Extras {
  numbers?: readonly (readonly number[])[];
  weights?: readonly number[];
}

export class LocalTraining {
  readonly table: Table;
  /** First-order weights, where the model has them. */
  readonly firstOrder: Table | null;
  readonly memory: TableMemory;
  readonly exchange: Exchange;
  readonly method: Method;
  readonly network: DenseNetwork;
  /** Parameters and running statistics by name, live. */
  readonly dense: ReadonlyMap<string, Float32Array>;
  private readonly planner: BatchPlanner;
  private trainingStep = 0;

  private constructor(
    readonly config: Config,
    shape: DatasetShape,
    parts: { memory: TableMemory; firstOrder: Table | null; exchange: Exchange; network: DenseNetwork },
  ) {
    this.memory = parts.memory;
    this.table = new Table(parts.memory, 0);
    this.firstOrder = parts.firstOrder;
    this.exchange = parts.exchange;
    this.network = parts.network;
    this.method = createMethod(config);
    this.planner = new BatchPlanner(this.exchange, fieldOffsets(shape), shape.poolings);
    const model = createModel(config, shape, 'training');
    const { length } = denseLayout(model);
    const running = this.exchange.floats('running', 0, this.exchange.shape.statistics);
    const tensors = denseTensors(model, this.exchange.floats('dense', 0, length), running);
    this.dense = new Map(tensors.map(({ name, data }) => [name, data]));
    const blocks = new Uint32Array(
      this.exchange.memory.buffer,
      this.exchange.at.denseBlocks,
      length / DENSE_BLOCK,
    );
    for (let i = 0; i < blocks.length; i++) blocks[i] = i;
  }

  static async create(
    config: Config,
    shape: DatasetShape,
    optimizer: Optimizer = createDenseOptimizer(),
  ): Promise<LocalTraining> {
    const model = createModel(config, shape, 'training');
    const bagIds = shape.poolings ? 10 * config.training.batchSize * shape.poolings.length : null;
    const exchange = new Exchange(allocateExchange(trainingExchange(config, shape, model, 1, bagIds)));
    const weights = firstOrderSpec(config, shape, model, { threads: 1, isTraining: true });
    const firstOrder = weights && new Table(allocateTable(weights), 0);
    const network = await DenseNetwork.create({
      model,
      exchange,
      thread: 0,
      seed: config.training.seed,
      optimizer,
      firstOrder: firstOrder && new FirstOrder(firstOrder, exchange, 0, createRowOptimizer(config)),
    });
    const memory = allocateTable(embeddingSpec(config, shape, { threads: 1, isTraining: true }));
    return new LocalTraining(config, shape, { memory, firstOrder, exchange, network });
  }

  /** Plans a batch: ids (rows, F) or bags of them, labels (rows). */
  plan(ids: Ids, labels: readonly number[], extras: Extras = {}): PlannedBatch {
    const segments = ids.flat().map((id) => (typeof id === 'number' ? [id] : id));
    const offsets = [0];
    for (const segment of segments) offsets.push(offsets[offsets.length - 1] + segment.length);
    return this.planner.plan({
      epoch: 1,
      index: 0,
      rows: labels.length,
      ids: Uint32Array.from(segments.flat()),
      offsets: this.exchange.shape.bagIds === null ? undefined : Uint32Array.from(offsets),
      labels: Float32Array.from(labels),
      numbers: extras.numbers && Float32Array.from(extras.numbers.flat()),
      weights: extras.weights && Float32Array.from(extras.weights),
    });
  }

  /** Trains on one batch: see `plan`. */
  async step(
    ids: Ids,
    labels: readonly number[],
    rateFactor = 1,
    extras: Extras = {},
  ): Promise<{ loss: number; batch: PlannedBatch }> {
    const batch = this.plan(ids, labels, extras);
    this.trainingStep++;
    const { config, table, exchange, method, network } = this;
    const parts = { config, thread: 0, table, exchange, method, network };
    // One epoch whose end is never reached.
    const position = { epoch: 1, batch: this.trainingStep, batches: Number.MAX_SAFE_INTEGER };
    return { loss: await trainStep(parts, batch, this.trainingStep, position, rateFactor), batch };
  }

  /** Puts bytes into the records of all rows. */
  async setRecords(part: 'codes' | 'steps', bytes: Uint8Array): Promise<void> {
    const all = Uint32Array.of(0, this.table.rows);
    await writeRecords(this.memory, all, part, async (from, length) => bytes.subarray(from, from + length));
  }
}

/** 0 … n − 1. */
export function allRows(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, row) => row);
}
