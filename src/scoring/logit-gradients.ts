// How a run's logit moves with the embeddings it looks up: for each use of a row in a split, the gradient of that
// example's logit by the row's D values, at the values the network sees. On the calling thread, one micro-batch at a
// time. What is made of the gradients (posttraining/calibration.ts) is not its business.
import { readBatches } from '../batch/reader.js';
import { splitOf } from '../batch/split-file.js';
import { mostIdsOf } from '../data/bags.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { Table } from '../embedding/table.js';
import { UserError } from '../errors.js';
import { differentiate } from '../graph/differentiate.js';
import { toOnnx } from '../graph/onnx.js';
import { createSession, type View } from '../graph/session.js';
import { allocateStaging } from '../graph/staging.js';
import { inputNames, type Model } from '../models/model.js';
import { BatchPlanner } from './batch-planner.js';
import { batchShape, createModel, fieldOffsets } from './blueprint.js';
import { Exchange, type PlannedBatch } from './exchange.js';
import { allocateExchange } from './exchange-layout.js';
import { MICRO_ROWS } from './micro-rows.js';
import { type OpenedRun, requireSameData } from './open-run.js';

/** Which examples to look at. */
export interface LogitGradientOptions {
  dataset: EncodedDataset;
  split: string;
  /** The first so many examples, in stored order, which is a random one; by default all of the split. */
  examples?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The uses of rows in consecutive examples. Arrays are used again by the next block. */
export interface LogitGradients {
  /** Examples looked at so far, these included. */
  readonly done: number;
  readonly total: number;
  /** (uses), the table's row of each. */
  readonly rows: Uint32Array;
  /** (uses, D): ∂ logit / ∂ row; of a mean over a bag divided by its length. */
  readonly gradients: Float32Array;
  /** (uses), the example of each, counted from the first of the split. */
  readonly examples: Uint32Array;
}

/**
 * Yields the gradients of a split's logits by the rows that its examples look up, in stored order.
 *
 * @throws UserError when the split does not exist, the data is not the run's, or rows are looked up in pairs
 */
export async function* logitGradients(
  run: OpenedRun,
  { dataset, split, examples, signal }: LogitGradientOptions,
): AsyncGenerator<LogitGradients> {
  requireSameData(run.directory, dataset.manifest, 'calibrate on the data set the run was trained on.');
  const { config, run: record } = run.directory;
  const shape = record.dataset;
  const total = Math.min(examples ?? Number.POSITIVE_INFINITY, splitOf(dataset.manifest, split).rows);
  const model = createModel(config, shape, 'scoring');
  const bagIds = mostIdsOf(dataset.manifest, MICRO_ROWS);
  const exchange = new Exchange(
    allocateExchange({
      ...batchShape(config, shape, model, { batchRows: MICRO_ROWS, bagIds }),
      microRows: MICRO_ROWS,
      threads: 1,
      training: null,
    }),
  );
  if (exchange.shape.pairs) {
    throw new UserError(
      `The method '${config.method.name}' makes an embedding of two rows, so a row has no gradient of its own.`,
      'quantize with a method that needs no calibration, such as optimal',
    );
  }
  const network = await GradientNetwork.create(model, run, exchange);
  try {
    const planner = new BatchPlanner(exchange, fieldOffsets(shape), shape.poolings);
    const knownIds = shape.fieldVocabularies.map((number) => shape.vocabularySizes[number]);
    const order = {
      split,
      batchSize: MICRO_ROWS,
      order: 'stored',
      knownIds,
      numbers: shape.numbers,
    } as const;
    let done = 0;
    for await (const batch of readBatches(dataset, order)) {
      signal?.throwIfAborted();
      const planned = planner.plan(batch);
      const uses = usesOf(planned, exchange, await network.run(planned), {
        first: done,
        count: Math.min(batch.rows, total - done),
      });
      done = Math.min(total, done + batch.rows);
      yield { done, total, ...uses };
      if (done === total) return;
    }
  } finally {
    await network.close();
  }
}

/**
 * The scoring graph with the gradient of its logits by X: (B, F·D), a row of which depends on its example alone. First-order
 * weights are added to a logit, so the gradient does not depend on their values; where the graph has that input, it is 0.
 */
class GradientNetwork {
  private constructor(
    private readonly exchange: Exchange,
    private readonly table: Table,
    private readonly session: Awaited<ReturnType<typeof createSession>>,
    private readonly staging: Record<'x' | 'dX' | 'numbers' | 'firstOrder', Float32Array>,
  ) {}

  static async create(model: Model, run: OpenedRun, exchange: Exchange): Promise<GradientNetwork> {
    // No example sees another: the gradient of the sum has each one's own in its row.
    const [dX] = differentiate(model.graph, model.graph.sum(model.logits), [model.x]);
    const initializers = new Map(run.dense.map(({ name, data }) => [name, Float32Array.from(data)]));
    const { fields, dim, numbers, hasFirstOrder } = exchange.shape;
    const block = MICRO_ROWS * fields * dim;
    const weights = hasFirstOrder ? MICRO_ROWS * fields : 0;
    const [x, gradient, staged, firstOrder] = allocateStaging([block, block, MICRO_ROWS * numbers, weights]);
    return new GradientNetwork(
      exchange,
      new Table(run.table, 0),
      await createSession(toOnnx({ outputs: { dX }, initializers })),
      { x, dX: gradient, numbers: staged, firstOrder },
    );
  }

  /** dX (paddedRows, F·D) of a batch, which is one micro-batch. Used again by the next. */
  async run(batch: PlannedBatch): Promise<Float32Array> {
    const { exchange, table, staging, session } = this;
    const { fields, dim, numbers } = exchange.shape;
    const [micro] = batch.microBatches;
    const rows = micro.paddedRows;
    table.read(batch.stored, exchange.floats('values', 0, batch.stored.length * dim));
    exchange.expand(0, batch, micro, staging.x);
    const dX = staging.dX.subarray(0, rows * fields * dim);
    const feeds: Record<string, View> = {};
    const feed = (name: string, data: Float32Array, columns: number) => {
      // Of a linear model the gradient does not depend on everything that the logit does.
      if (session.inputNames.includes(name)) {
        feeds[name] = { data: data.subarray(0, rows * columns), shape: [rows, columns] };
      }
    };
    feed(inputNames.x, staging.x, fields * dim);
    if (numbers > 0) {
      exchange.copyNumbers(batch, micro, staging.numbers.subarray(0, rows * numbers));
      feed(inputNames.numbers, staging.numbers, numbers);
    }
    feed(inputNames.firstOrder, staging.firstOrder, fields);
    await session.run(feeds, { dX: { data: dX, shape: [rows, fields * dim] } });
    return dX;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

/** From the gradients of segments, (B, F) of them, to those of the rows they are made of. */
function usesOf(
  { plan }: PlannedBatch,
  { shape: { fields, dim } }: Exchange,
  dX: Float32Array,
  { first, count }: { first: number; count: number },
): Pick<LogitGradients, 'rows' | 'gradients' | 'examples'> {
  const { positions, bags } = plan;
  const segments = count * fields;
  const uses = bags ? bags.offsets[segments] : segments;
  const rows = Uint32Array.from({ length: uses }, (_, use) => plan.rows[positions[use]]);
  const examples = new Uint32Array(uses);
  const gradients = new Float32Array(uses * dim);
  for (let segment = 0, use = 0; segment < segments; segment++) {
    const end = bags ? bags.offsets[segment + 1] : segment + 1;
    const divisor = bags ? bags.divisors[segment] : 1;
    for (; use < end; use++) {
      examples[use] = first + Math.floor(segment / fields);
      for (let j = 0; j < dim; j++) gradients[use * dim + j] = dX[segment * dim + j] / divisor;
    }
  }
  return { rows, gradients, examples };
}
