// The network of one thread of a training team: forward and backward of the micro-batches it gets to, then its part
// of what all have to combine. Sums over micro-batches are binary trees over their index, so neither the number of
// threads nor who took which micro-batch shows in any bit.
//
// The dense parameters, their gradients and optimizer state lie in the exchange; onnxruntime works on an unshared
// staging buffer of the thread (it refuses shared memory), to and from which whole blocks are copied.

import type { Network } from '../embedding/method.js';
import { UserError } from '../errors.js';
import { differentiate } from '../graph/differentiate.js';
import { toOnnx } from '../graph/onnx.js';
import { createSession, type Session, type View } from '../graph/session.js';
import { DENSE_BLOCK, type DenseLayout, denseLayout } from '../models/dense.js';
import { inputNames, type Model } from '../models/model.js';
import type { Optimizer, UpdateSettings } from '../optimizers/optimizer.js';
import { Stream, seedKey } from '../random/streams.js';
import type { Exchange, PlannedBatch } from '../scoring/exchange.js';
import { stagingRows } from '../scoring/scorer.js';

/** Share of the old running statistic that is kept in each step, as torch's default momentum of 0.1. */
const STATISTIC_KEPT = 0.9;

const gradientName = (parameter: string) => `gradient ${parameter}`;

/** Floats of a thread's staging buffer. */
export function networkStagingFloats(model: Model, rows: number): number {
  const masks = model.dropouts.reduce((sum, { width }) => sum + width, 0);
  const statistics = model.statistics.reduce((sum, { width }) => sum + width, 0);
  const x = Number(model.x.shape[1]);
  return 2 * denseLayout(model).length + rows * (2 * x + 2 + masks) + statistics + 2;
}

/** Where a network takes its thread's staging from, piece by piece. */
class Staging {
  private used = 0;
  readonly floats: Float32Array<ArrayBuffer>;

  constructor(length: number) {
    this.floats = new Float32Array(length);
  }

  take(length: number): Float32Array<ArrayBuffer> {
    this.used += length;
    return this.floats.subarray(this.used - length, this.used);
  }
}

export class DenseNetwork implements Network {
  /** Runs of the network so far by this thread: work that tests count. */
  runs = 0;
  private readonly dense: DenseLayout;
  /** Bytes of the staging buffer. */
  readonly stagingBytes: number;
  private readonly staging;
  private batch: PlannedBatch | undefined;
  private settings: UpdateSettings = { trainingStep: 0, learningRate: 0, weightDecay: 0 };

  private constructor(
    private readonly model: Model,
    private readonly exchange: Exchange,
    private readonly thread: number,
    private readonly seed: number,
    private readonly optimizer: Optimizer,
    private readonly sessions: { whole: Session; valuesOnly: Session },
  ) {
    this.dense = denseLayout(model);
    const rows = stagingRows(exchange.shape);
    const columns = Number(model.x.shape[1]);
    const memory = new Staging(networkStagingFloats(model, rows));
    this.stagingBytes = memory.floats.byteLength;
    this.staging = {
      parameters: memory.take(this.dense.length),
      gradients: memory.take(this.dense.length),
      x: memory.take(rows * columns),
      dX: memory.take(rows * columns),
      labels: memory.take(rows),
      weights: memory.take(rows),
      masks: model.dropouts.map(({ width }) => memory.take(rows * width)),
      statistics: model.statistics.map(({ width }) => memory.take(width)),
      scale: memory.take(1),
      loss: memory.take(1),
    };
  }

  /** Builds the two graphs of a training step: all gradients, and the gradient of X alone. */
  static async create(
    model: Model,
    exchange: Exchange,
    thread: number,
    seed: number,
    optimizer: Optimizer,
  ): Promise<DenseNetwork> {
    const nodes = [model.x, ...model.parameters.map(({ node }) => node)];
    const [dX, ...dParameters] = differentiate(model.graph, model.loss, nodes);
    const named = model.parameters.map(({ name }, i) => [gradientName(name), dParameters[i]] as const);
    const statistics = model.statistics.map(({ name, node }) => [name, node] as const);
    const whole = await createSession(
      toOnnx({ outputs: { loss: model.loss, dX, ...Object.fromEntries([...named, ...statistics]) } }),
    );
    const valuesOnly = await createSession(toOnnx({ outputs: { loss: model.loss, dX } }));
    return new DenseNetwork(model, exchange, thread, seed, optimizer, { whole, valuesOnly });
  }

  /** Must be called before a method's training step. */
  begin(batch: PlannedBatch, settings: UpdateSettings): void {
    this.batch = batch;
    this.settings = settings;
  }

  async backward(
    _values: Float32Array,
    gradient: Float32Array,
    pass: { updatesDense: boolean },
  ): Promise<void> {
    const { batch, exchange, thread, staging } = this;
    if (!batch) throw new Error('The network has no batch.');
    // All rows' values, and all dense parameters of the pass before, are in the exchange from here on.
    exchange.barrier.wait();
    staging.parameters.set(exchange.floats('dense', 0, this.dense.length));
    await exchange.shareOut(batch, (index) => this.runMicroBatch(batch, index, pass.updatesDense));
    exchange.barrier.wait();

    const { start, end } = exchange.part(thread, batch.plan.rows.length);
    this.combineRows(batch, start, end);
    const { dim } = exchange.shape;
    // The kernel's result lies in the exchange, where `gradient` should be a view of.
    const combined = exchange.floats('gradient', start * dim, (end - start) * dim);
    if (combined.byteOffset !== gradient.byteOffset) gradient.set(combined);
    this.checkRows(batch, start, end);
    if (pass.updatesDense) this.updateDense(batch);
  }

  /** The loss of the batch's pass with dense gradients, by the tree over micro-batches. Every thread may ask. */
  loss(batch: PlannedBatch): number {
    const losses = new Float64Array(
      this.exchange.memory.buffer,
      this.exchange.at.losses,
      batch.microBatches.length,
    ).slice();
    for (let width = 1; width < losses.length; width *= 2) {
      for (let p = 0; p + width < losses.length; p += 2 * width) losses[p] += losses[p + width];
    }
    return losses[0];
  }

  private async runMicroBatch(batch: PlannedBatch, index: number, isWhole: boolean): Promise<void> {
    const { exchange, thread, staging, model, sessions } = this;
    const { fields, dim } = exchange.shape;
    const micro = batch.microBatches[index];
    const rows = micro.paddedRows;
    const x = exchange.expand(thread, batch, micro);
    const view = (data: Float32Array, columns: number): View => ({
      data: data.subarray(0, rows * columns),
      shape: [rows, columns],
    });

    staging.x.set(x);
    staging.labels.set(exchange.labels(batch.slot).subarray(micro.firstRow, micro.firstRow + micro.rows));
    staging.labels.fill(0, micro.rows, rows);
    staging.weights.fill(1, 0, micro.rows).fill(0, micro.rows, rows);
    staging.scale[0] = 1 / batch.rows;
    this.drawMasks(micro.firstRow, rows);

    const feeds: Record<string, View> = {
      [inputNames.x]: view(staging.x, fields * dim),
      [inputNames.labels]: view(staging.labels, 1),
      [inputNames.weights]: view(staging.weights, 1),
      [inputNames.scale]: { data: staging.scale, shape: [] },
    };
    for (const [i, { name, width }] of model.dropouts.entries()) feeds[name] = view(staging.masks[i], width);
    const fetches: Record<string, View> = {
      loss: { data: staging.loss, shape: [] },
      dX: view(staging.dX, fields * dim),
    };
    for (const { name, shape, offset, length } of this.dense.entries) {
      feeds[name] = { data: staging.parameters.subarray(offset, offset + length), shape };
      if (isWhole) {
        fetches[gradientName(name)] = { data: staging.gradients.subarray(offset, offset + length), shape };
      }
    }
    if (isWhole) {
      for (const [i, { name, width }] of model.statistics.entries()) {
        fetches[name] = { data: staging.statistics[i], shape: [width] };
      }
    }
    await (isWhole ? sessions.whole : sessions.valuesOnly).run(feeds, fetches);
    this.runs++;

    if (!Number.isFinite(staging.loss[0])) {
      const step = this.settings.trainingStep;
      throw new UserError(
        `The loss is ${staging.loss[0]} at step ${step} (rows ${micro.firstRow} to ${micro.firstRow + micro.rows - 1} of its batch).`,
        'lower the learning rate, or look for extreme values in the table of the step before.',
      );
    }
    x.set(staging.dX.subarray(0, x.length));
    this.sumSegments(batch, index, x.byteOffset);
    if (isWhole) this.publish(index);
  }

  /** The rows' gradients of one micro-batch: each summed over its occurrences, in batch order. */
  private sumSegments(batch: PlannedBatch, index: number, dX: number): void {
    const { exchange } = this;
    const { fields, dim } = exchange.shape;
    const { local, starts, occurrences } = batch.plan.microBatches[index];
    const stride = batch.microBatches[0].paddedRows * fields;
    exchange.kernels.segmentSum(
      dX,
      starts.byteOffset,
      occurrences.byteOffset,
      local.length,
      dim,
      exchange.at.sums + 4 * index * stride * dim,
    );
  }

  /** Loss, dense gradients and statistics of one micro-batch, to where all threads see them. */
  private publish(index: number): void {
    const { exchange, staging } = this;
    const { length } = this.dense;
    new Float64Array(exchange.memory.buffer, exchange.at.losses, index + 1)[index] = staging.loss[0];
    exchange.floats('denseGradients', index * length, length).set(staging.gradients);
    let at = index * this.statisticsLength();
    for (const values of staging.statistics) {
      exchange.floats('statistics', at, values.length).set(values);
      at += values.length;
    }
  }

  private combineRows(batch: PlannedBatch, start: number, end: number): void {
    const { exchange, thread } = this;
    const { fields, dim } = exchange.shape;
    const { sumStarts, sumMicroBatches, sumIndices } = batch.plan;
    exchange.kernels.combineRows(
      sumStarts.byteOffset + 4 * start,
      sumMicroBatches.byteOffset,
      sumIndices.byteOffset,
      end - start,
      batch.microBatches.length,
      exchange.at.sums,
      batch.microBatches[0].paddedRows * fields,
      dim,
      exchange.at.gradient + 4 * start * dim,
      exchange.workAt(thread),
    );
  }

  private checkRows(batch: PlannedBatch, start: number, end: number): void {
    const { exchange } = this;
    const { dim } = exchange.shape;
    const at = exchange.kernels.findNonFinite(exchange.at.gradient + 4 * start * dim, (end - start) * dim);
    if (at < 0) return;
    const row = batch.plan.rows[start + Math.floor(at / dim)];
    throw new UserError(
      `The gradient of row ${row} of table 'embedding' is not finite at step ${this.settings.trainingStep}.`,
      'lower the learning rate.',
    );
  }

  /** This thread's blocks of the dense parameters: gradients by the tree, then the optimizer. */
  private updateDense(batch: PlannedBatch): void {
    const { exchange, thread, dense } = this;
    const { kernels, at } = exchange;
    const { start, end } = exchange.part(thread, dense.length / DENSE_BLOCK);
    const from = 4 * start * DENSE_BLOCK;
    const floats = (end - start) * DENSE_BLOCK;
    const gradients = (part: number) => at.denseGradients + 4 * part * dense.length + from;
    const parts = batch.microBatches.length;
    for (let width = 1; width < parts; width *= 2) {
      for (let p = 0; p + width < parts; p += 2 * width)
        kernels.addInto(gradients(p), gradients(p + width), floats);
    }
    const bad = kernels.findNonFinite(gradients(0), floats);
    if (bad >= 0) {
      const index = start * DENSE_BLOCK + bad;
      const name = dense.entries.find(({ offset, length }) => index < offset + length)?.name;
      throw new UserError(
        `The gradient of '${name}' is not finite at step ${this.settings.trainingStep}.`,
        'lower the learning rate.',
      );
    }
    // Blocks are rows to the optimizer; the change takes the gradient's place.
    this.optimizer.change(
      kernels,
      { states: at.denseState, stride: this.optimizer.stateBytes(DENSE_BLOCK), firstRow: 0 },
      {
        rows: at.denseBlocks + 4 * start,
        count: end - start,
        dim: DENSE_BLOCK,
        values: at.dense + from,
        gradient: gradients(0),
        change: gradients(0),
      },
      this.settings,
    );
    kernels.addInto(at.dense + from, gradients(0), floats);
    if (thread === 0) this.updateStatistics(batch);
  }

  /** Running statistics: the micro-batches' values weighed by their rows, in index order, once a step. */
  private updateStatistics(batch: PlannedBatch): void {
    const length = this.statisticsLength();
    const running = this.exchange.floats('running', 0, length);
    for (let j = 0; j < length; j++) {
      let mean = 0;
      for (const [index, { rows }] of batch.microBatches.entries()) {
        mean += (rows / batch.rows) * this.exchange.floats('statistics', index * length + j, 1)[0];
      }
      running[j] = STATISTIC_KEPT * running[j] + (1 - STATISTIC_KEPT) * mean;
    }
  }

  private statisticsLength(): number {
    return this.staging.statistics.reduce((sum, { length }) => sum + length, 0);
  }

  private drawMasks(firstRow: number, rows: number): void {
    const { exchange, thread, staging, model } = this;
    const maskColumns = exchange.shape.training?.maskColumns ?? 0;
    const [keyLow, keyHigh] = seedKey(this.seed);
    for (const [i, { layer, width, rate }] of model.dropouts.entries()) {
      const mask = exchange.floats('masks', thread * stagingRows(exchange.shape) * maskColumns, rows * width);
      exchange.kernels.dropoutMask(
        mask.byteOffset,
        exchange.workAt(thread),
        rows,
        width,
        firstRow,
        keyLow,
        keyHigh,
        this.settings.trainingStep,
        layer,
        Stream.dropout,
        1 - rate,
        1 / (1 - rate),
      );
      staging.masks[i].set(mask);
    }
  }
}
