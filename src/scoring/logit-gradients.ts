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
import { createSession, type Session } from '../graph/session.js';
import { allocateStaging } from '../graph/staging.js';
import type { Model } from '../models/model.js';
import { allocateBatch, type BatchArrays, type BatchShape, batchArrays, copyBatch } from './batch-memory.js';
import { batchShape, createModel, lookupShape } from './blueprint.js';
import { GraphInputs, type LookupShape } from './graph-inputs.js';
import { MICRO_ROWS, mostMicroRows, scoringCut } from './micro-rows.js';
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
  const lookup = lookupShape(config, shape);
  if (lookup.pairs) {
    throw new UserError(
      `The method '${config.method.name}' makes an embedding of two rows, so a row has no gradient of its own.`,
      'quantize with a method that needs no calibration, such as optimal',
    );
  }
  const sizes = batchShape(shape, {
    batchRows: MICRO_ROWS,
    bagIds: mostIdsOf(dataset.manifest, MICRO_ROWS),
  });
  const arrays = batchArrays(sizes, allocateBatch(sizes));
  const network = await GradientNetwork.create(model, run, sizes, lookup);
  try {
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
      copyBatch(batch, arrays);
      const count = Math.min(batch.rows, total - done);
      const dX = await network.run(arrays, batch.rows);
      const uses = usesOf(arrays, network.rowsOf(arrays, count), dX, {
        first: done,
        count,
        dim: config.model.dim,
        isMean: lookup.isMean,
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
 * The scoring graph with the gradient of its logits by X: (B, F·D), a row of which depends on its example alone. On first-order
 * weights, which are added to a logit, it does not depend.
 */
class GradientNetwork {
  private constructor(
    private readonly inputs: GraphInputs,
    private readonly session: Session,
    private readonly dX: Float32Array,
    /** F·D. */
    private readonly width: number,
  ) {}

  static async create(
    model: Model,
    run: OpenedRun,
    shape: BatchShape,
    lookup: LookupShape,
  ): Promise<GradientNetwork> {
    // No example sees another: the gradient of the sum has each one's own in its row.
    const [dX] = differentiate(model.graph, model.graph.sum(model.logits), [model.x]);
    const initializers = new Map(run.dense.map(({ name, data }) => [name, Float32Array.from(data)]));
    const session = await createSession(toOnnx({ outputs: { dX }, initializers }));
    const table = new Table(run.table, 0);
    const weights = run.firstOrder && new Table(run.firstOrder, 0);
    const width = shape.fields * table.dim;
    const [gradient] = allocateStaging([mostMicroRows(shape) * width]);
    return new GradientNetwork(new GraphInputs(table, weights, shape, lookup), session, gradient, width);
  }

  /** dX (paddedRows, F·D) of a batch, which is one micro-batch. Used again by the next. */
  async run(batch: BatchArrays, rows: number): Promise<Float32Array> {
    const [micro] = scoringCut(rows);
    // Of a linear model the gradient does not depend on everything that the logit does.
    const feeds = Object.entries(this.inputs.of(batch, micro)).filter(([name]) =>
      this.session.inputNames.includes(name),
    );
    const dX = this.dX.subarray(0, micro.paddedRows * this.width);
    await this.session.run(Object.fromEntries(feeds), {
      dX: { data: dX, shape: [micro.paddedRows, this.width] },
    });
    return dX;
  }

  /** The table's rows that the first `count` examples look up. */
  rowsOf(batch: BatchArrays, count: number): Uint32Array {
    return this.inputs.featuresOf(batch, 0, count).slice();
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

/** From the gradients of segments, (B, F) of them, to those of the rows they are made of. */
function usesOf(
  { offsets }: BatchArrays,
  rows: Uint32Array,
  dX: Float32Array,
  { first, count, dim, isMean }: { first: number; count: number; dim: number; isMean: readonly boolean[] },
): Pick<LogitGradients, 'rows' | 'gradients' | 'examples'> {
  const fields = isMean.length;
  const examples = new Uint32Array(rows.length);
  const gradients = new Float32Array(rows.length * dim);
  for (let segment = 0, use = 0; segment < count * fields; segment++) {
    const end = offsets ? offsets[segment + 1] : segment + 1;
    const divisor = isMean[segment % fields] ? end - use : 1;
    for (; use < end; use++) {
      examples[use] = first + Math.floor(segment / fields);
      for (let j = 0; j < dim; j++) gradients[use * dim + j] = dX[segment * dim + j] / divisor;
    }
  }
  return { rows, gradients, examples };
}
