// The one scorer, as one thread of a team runs it: rows of the table, dequantized once each, through the scoring
// graph with its weights as initializers, to logits. Validation, evaluation and prediction are this.

import type { RowValues } from '../embedding/row-values.js';
import { createSession, type Session, type View } from '../graph/session.js';
import { allocateStaging, stagingBytes } from '../graph/staging.js';
import { inputNames } from '../models/model.js';
import type { Exchange, PlannedBatch } from './exchange.js';
import { type ExchangeShape, mostMicroRows } from './exchange-layout.js';
import { readFirstOrder } from './first-order-exchange.js';
import { combinePairs } from './pair-exchange.js';

/** One thread's part of scoring. */
export class Scorer {
  private session: Session | undefined;
  private readonly staging: Record<'x' | 'logits' | 'numbers' | 'firstOrder', Float32Array>;

  constructor(
    private readonly table: RowValues,
    /** First-order weights, where the model has them. */
    private readonly firstOrder: RowValues | null,
    private readonly exchange: Exchange,
    private readonly thread: number,
  ) {
    const [x, logits, numbers, weights] = allocateStaging(pieces(exchange.shape));
    this.staging = { x, logits, numbers, firstOrder: weights };
  }

  get stagingBytes(): number {
    return this.staging.x.buffer.byteLength;
  }

  /** Takes a scoring graph (ONNX, weights inside) in place of the last one. */
  async load(model: Uint8Array): Promise<void> {
    await this.session?.release();
    this.session = await createSession(model);
  }

  /** Scores a batch together with the other threads: the logits are in the batch's slot when all have returned. */
  async score(batch: PlannedBatch): Promise<void> {
    const { exchange, thread, session, staging } = this;
    if (!session) throw new Error('No scoring graph was loaded.');
    const { dim, fields, numbers: N } = exchange.shape;
    for (const { start, end } of exchange.claimRows(batch.stored.length)) {
      const values = exchange.floats('values', start * dim, (end - start) * dim);
      this.table.read(batch.stored.subarray(start, end), values);
    }
    if (this.firstOrder) readFirstOrder(this.firstOrder, exchange, batch, thread);
    exchange.barrier.wait();
    combinePairs(exchange, batch);
    for (const index of exchange.claim(batch.microBatches.length)) {
      const micro = batch.microBatches[index];
      const rows = micro.paddedRows;
      exchange.expand(thread, batch, micro, staging.x);
      const logits = staging.logits.subarray(0, rows);
      const feeds: Record<string, View> = {
        [inputNames.x]: { data: staging.x.subarray(0, rows * fields * dim), shape: [rows, fields * dim] },
      };
      if (N > 0) {
        const numbers = staging.numbers.subarray(0, rows * N);
        exchange.copyNumbers(batch, micro, numbers);
        feeds[inputNames.numbers] = { data: numbers, shape: [rows, N] };
      }
      if (this.firstOrder) {
        const weights = staging.firstOrder.subarray(0, rows * fields);
        weights.set(exchange.expandFirstOrder(thread, batch, micro));
        feeds[inputNames.firstOrder] = { data: weights, shape: [rows, fields] };
      }
      await session.run(feeds, { logits: { data: logits, shape: [rows, 1] } });
      exchange.logits(batch.slot).set(logits.subarray(0, micro.rows), micro.firstRow);
    }
    // The next batch's rows take the place of this one's.
    exchange.barrier.wait();
  }
}

type StagedShape = Omit<ExchangeShape, 'threads' | 'training'>;

/** Floats of X, logits, numbers and first-order weights. */
function pieces(shape: StagedShape): number[] {
  const rows = mostMicroRows(shape);
  const { fields, dim, numbers, hasFirstOrder } = shape;
  return [rows * fields * dim, rows, rows * numbers, hasFirstOrder ? rows * fields : 0];
}

/** Bytes a scorer holds beside the exchange, per thread. */
export function scorerStagingBytes(shape: StagedShape): number {
  return stagingBytes(pieces(shape));
}
