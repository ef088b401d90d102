// The one scorer, as one thread runs it: micro-batches through the scoring graph, with its weights as initializers, to logits.
// Validation, evaluation, prediction and serving are this. Threads need nothing of each other: a logit depends on its row alone.
import { type MicroBatch, paddedRows } from '../batch/micro-batches.js';
import type { RowValues } from '../embedding/row-values.js';
import { createSession, type Session, type View } from '../graph/session.js';
import { allocateStaging, stagingBytes } from '../graph/staging.js';
import { allocateBatch, type BatchArrays, type BatchShape, batchArrays } from './batch-memory.js';
import { GraphInputs, inputPieces, type LookupShape } from './graph-inputs.js';
import { mostMicroRows } from './micro-rows.js';

/** Where the time of a batch went. */
export interface BatchTimes {
  lookupMs: number;
  networkMs: number;
}

/** One thread's scorer. */
export class Scorer {
  private session: Session | undefined;
  private readonly inputs: GraphInputs;
  private readonly logits: Float32Array;

  /** @param firstOrder first-order weights, where the model has them */
  constructor(
    table: RowValues,
    firstOrder: RowValues | null,
    private readonly shape: BatchShape,
    lookup: LookupShape,
  ) {
    this.inputs = new GraphInputs(table, firstOrder, shape, lookup);
    [this.logits] = allocateStaging([mostMicroRows(shape)]);
  }

  get stagingBytes(): number {
    return this.inputs.stagingBytes + this.logits.buffer.byteLength;
  }

  /** Takes a scoring graph (ONNX, weights inside) in place of the last one. */
  async load(graph: Uint8Array): Promise<void> {
    await this.session?.release();
    this.session = await createSession(graph);
  }

  /** Scores a row that has no value of its own: the first run takes longer than others, and tells whether graph and tables fit. */
  async warmUp(): Promise<void> {
    await this.run(
      this.inputs.of(padding(this.shape), { firstRow: 0, rows: 1, paddedRows: paddedRows(1) }),
      paddedRows(1),
    );
  }

  /** Scores the micro-batches of a batch that are this thread's, into the batch's logits. */
  async score(batch: BatchArrays, micros: Iterable<MicroBatch>): Promise<BatchTimes> {
    const times = { lookupMs: 0, networkMs: 0 };
    for (const micro of micros) {
      const began = performance.now();
      const feeds = this.inputs.of(batch, micro);
      const fed = performance.now();
      const logits = await this.run(feeds, micro.paddedRows);
      batch.logits.set(logits.subarray(0, micro.rows), micro.firstRow);
      times.lookupMs += fed - began;
      times.networkMs += performance.now() - fed;
    }
    return times;
  }

  /** Runs the network. @returns logits (rows), lent until the next run */
  private async run(feeds: Record<string, View>, rows: number): Promise<Float32Array> {
    if (!this.session) throw new Error('No scoring graph was loaded.');
    const logits = this.logits.subarray(0, rows);
    await this.session.run(feeds, { logits: { data: logits, shape: [rows, 1] } });
    return logits;
  }
}

/** Bytes of the staging of a scorer: equals its `stagingBytes`. */
export function scorerStagingBytes(shape: BatchShape, dim: number, hasFirstOrder: boolean): number {
  return stagingBytes(inputPieces(shape, dim, hasFirstOrder)) + stagingBytes([mostMicroRows(shape)]);
}

/** A batch of one row, all OOV. */
function padding(shape: BatchShape): BatchArrays {
  const one = { ...shape, batchRows: 1, bagIds: shape.bagIds === null ? null : shape.fields };
  const arrays = batchArrays(one, allocateBatch(one));
  arrays.offsets?.forEach((_, segment, offsets) => {
    offsets[segment] = segment;
  });
  return arrays;
}
