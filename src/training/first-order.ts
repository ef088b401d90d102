// First-order weights in a training step, as one thread of the team sees them: a table of one fp32 number a feature,
// beside the embeddings. To an embedding method they are other parameters of the network (algorithm 1 of the ALPT paper,
// line 3): every pass reads them anew, and the pass with dense gradients updates them in place.
//
// Each thread has a share of the batch's features, the same in every pass of a step: what it reads it wrote itself, so
// that no barrier stands between an update and the next pass. A weight's update depends on that weight alone; the number
// of threads does not show.
import type { Table } from '../embedding/table.js';
import type { Optimizer, UpdateSettings } from '../optimizers/optimizer.js';
import { FIRST_ORDER } from '../scoring/blueprint.js';
import { rowNotFinite } from './diagnose.js';
import type { Exchange, PlannedBatch } from './exchange.js';

/** One thread's part of the first-order weights. */
export class FirstOrder {
  private settings: UpdateSettings = { trainingStep: 0, learningRate: 0, weightDecay: 0 };

  constructor(
    private readonly table: Table,
    private readonly exchange: Exchange,
    private readonly thread: number,
    /** The rule of rows. */
    private readonly optimizer: Optimizer,
  ) {}

  begin(settings: UpdateSettings): void {
    this.settings = settings;
  }

  /** Puts this thread's share of the batch's weights into the exchange: before the barrier that a pass begins with. */
  read(batch: PlannedBatch): void {
    const { table, exchange } = this;
    const { start, end } = this.shareOf(batch);
    const rows = batch.plan.rows.subarray(start, end);
    // They are written in this step anyway.
    table.touch(rows);
    table.read(rows, exchange.floats('firstOrder', start, rows.length));
  }

  /** Takes the optimizer's step on this thread's share, when all micro-batches of the pass have been summed. */
  update(batch: PlannedBatch): void {
    const { table, exchange, thread, optimizer, settings } = this;
    const { start, end } = this.shareOf(batch);
    const rows = batch.plan.rows.subarray(start, end);
    const values = exchange.floats('firstOrder', start, rows.length);
    const gradient = exchange.floats('firstOrderGradient', start, rows.length);
    exchange.combineSums(thread, batch, exchange.at.firstOrderSums, 1, start, gradient);
    const bad = exchange.kernels.findNonFinite(gradient.byteOffset, gradient.length);
    if (bad >= 0) throw rowNotFinite(rows[bad], settings.trainingStep, FIRST_ORDER);
    // The change takes the gradient's place.
    table.valueChange(optimizer, settings, rows, values, gradient, gradient);
    table.writeValues(rows, gradient);
  }

  /** This thread's part of the batch's features: those from `start` to `end` − 1 of `plan.rows`. */
  private shareOf({ plan }: PlannedBatch): { start: number; end: number } {
    const { threads } = this.exchange.shape;
    const share = (number: number) => Math.floor((plan.rows.length * number) / threads);
    return { start: share(this.thread), end: share(this.thread + 1) };
  }
}
