// The network of one thread of a training team: forward and backward of the micro-batches it gets to, then its part
// of what all have to combine. Sums over micro-batches are binary trees over their index, so neither the number of
// threads nor who took which micro-batch shows in any bit.
import type { Block, Network, Pass } from '../embedding/method.js';
import { differentiate } from '../graph/differentiate.js';
import { toOnnx } from '../graph/onnx.js';
import { createSession, type Session } from '../graph/session.js';
import { type DenseLayout, denseLayout } from '../models/dense.js';
import type { Model } from '../models/model.js';
import type { Optimizer, UpdateSettings } from '../optimizers/optimizer.js';
import { Stream, seedKey } from '../random/streams.js';
import { claimBlocks } from './blocks.js';
import { updateDense, updateStatistics } from './dense-update.js';
import { lossNotFinite, rowNotFinite } from './diagnose.js';
import type { Exchange, PlannedBatch } from './exchange.js';
import { mostMicroRows } from './exchange-layout.js';
import type { FirstOrder } from './first-order.js';
import { gradientName, NetworkStaging } from './network-staging.js';
import { combinePairs, splitPairs } from './pair-exchange.js';
import { samplePass } from './pass-sample.js';

/** What all threads of a team have in common, and which of them this is. */
export interface DenseNetworkOptions {
  model: Model;
  exchange: Exchange;
  thread: number;
  seed: number;
  /** Rule of the dense parameters. */
  optimizer: Optimizer;
  /** Where the model has first-order weights. */
  firstOrder?: FirstOrder | null | undefined;
}

/** One thread's network, with its two training graphs. */
export class DenseNetwork implements Network {
  /** Runs of the network so far by this thread: work that tests count. */
  runs = 0;
  /** Time in them, for benchmarks. */
  runMs = 0;
  private readonly dense: DenseLayout;
  private readonly staging: NetworkStaging;
  private batch: PlannedBatch | undefined;
  /** Of the batch so far. */
  private passes = 0;
  private settings: UpdateSettings = { trainingStep: 0, learningRate: 0, weightDecay: 0 };

  private constructor(
    private readonly options: DenseNetworkOptions,
    private readonly sessions: { whole: Session; valuesOnly: Session },
  ) {
    this.dense = denseLayout(options.model);
    this.staging = new NetworkStaging(options.model, mostMicroRows(options.exchange.shape));
  }

  /** Builds the two graphs of a training step: all gradients, and the gradient of X alone. */
  static async create(options: DenseNetworkOptions): Promise<DenseNetwork> {
    const { model } = options;
    // To a method first-order weights are other parameters: only the whole graph has their gradient.
    const others = [
      ...(model.firstOrder ? [model.firstOrder] : []),
      ...model.parameters.map(({ node }) => node),
    ];
    const [dX, ...dOthers] = differentiate(model.graph, model.loss, [model.x, ...others]);
    const dFirstOrder = model.firstOrder ? { dFirstOrder: dOthers[0] } : {};
    const dParameters = dOthers.slice(others.length - model.parameters.length);
    const gradients = model.parameters.map(({ name }, i) => [gradientName(name), dParameters[i]] as const);
    const statistics = model.statistics.map(({ name, node }) => [name, node] as const);
    const values = { loss: model.loss, dX };
    return new DenseNetwork(options, {
      whole: await createSession(
        toOnnx({
          outputs: { ...values, ...dFirstOrder, ...Object.fromEntries([...gradients, ...statistics]) },
        }),
      ),
      valuesOnly: await createSession(toOnnx({ outputs: values })),
    });
  }

  get stagingBytes(): number {
    return this.staging.bytes;
  }

  /** Must be called before a method's training step. @param settings of dense parameters, and of rows */
  begin(batch: PlannedBatch, settings: UpdateSettings, rowSettings: UpdateSettings = settings): void {
    this.batch = batch;
    this.passes = 0;
    this.settings = settings;
    this.options.firstOrder?.begin(rowSettings);
  }

  async backward(pass: Pass): Promise<Iterable<Block>> {
    const { batch, staging } = this;
    const { exchange, thread, seed, optimizer, firstOrder } = this.options;
    if (!batch) throw new Error('The network has no batch.');
    const { dim } = exchange.shape;
    const share = pass.updatesDense ? 1 : (pass.share ?? 1);
    const number = batch.microBatches.length;
    const sample = share < 1 ? samplePass(number, share, seed, this.settings.trainingStep) : null;
    // Of the sum over all rows, those looked at stand for the others.
    const rowShare = sample ? sample.reduce((sum, chosen) => sum + chosen) / number : 1;
    firstOrder?.read(batch);
    // All rows' values, and all other parameters of the pass before, are in the exchange from here on.
    exchange.meet(this.passes++ === 0 ? 'gather' : 'update');
    combinePairs(exchange, batch);
    staging.parameters.set(exchange.floats('dense', 0, this.dense.length));
    exchange.trace?.lap('parameters');
    for (const index of exchange.claim(number)) {
      if (sample?.[index] === 0) exchange.clearSegments(batch, index);
      else await this.runMicroBatch(batch, index, pass.updatesDense, rowShare);
    }
    exchange.meet();
    if (pass.updatesDense) {
      updateDense(exchange, thread, this.dense, optimizer, this.settings, number);
      if (thread === 0) updateStatistics(exchange, batch);
      firstOrder?.update(batch);
      exchange.trace?.lap('dense update');
    }
    if (batch.pairs) {
      // The embeddings were used for the last time: their gradients take their place.
      for (const { start, end } of exchange.claimRows(batch.plan.rows.length)) {
        this.combineRows(batch, start, exchange.floats('embeddings', start * dim, (end - start) * dim));
      }
      exchange.meet('pairs');
    }
    return this.blocksWithGradient(batch);
  }

  private *blocksWithGradient(batch: PlannedBatch): Generator<Block> {
    const { exchange } = this.options;
    for (const block of claimBlocks(exchange, batch)) {
      const { start, rows, gradient } = block;
      if (batch.pairs) splitPairs(exchange, batch, block);
      else this.combineRows(batch, start, gradient);
      const bad = exchange.kernels.findNonFinite(gradient.byteOffset, gradient.length);
      if (bad >= 0) {
        throw rowNotFinite(rows[Math.floor(bad / exchange.shape.dim)], this.settings.trainingStep);
      }
      yield block;
    }
  }

  /** The loss of the batch's pass with dense gradients, by the tree over micro-batches. Every thread may ask. */
  loss(batch: PlannedBatch): number {
    const { memory, at } = this.options.exchange;
    const losses = new Float64Array(memory.buffer, at.losses, batch.microBatches.length).slice();
    for (let width = 1; width < losses.length; width *= 2) {
      for (let p = 0; p + width < losses.length; p += 2 * width) losses[p] += losses[p + width];
    }
    return losses[0];
  }

  private async runMicroBatch(
    batch: PlannedBatch,
    index: number,
    isWhole: boolean,
    rowShare: number,
  ): Promise<void> {
    const { staging, sessions } = this;
    const { exchange, thread, firstOrder } = this.options;
    const { firstRow, rows, paddedRows } = batch.microBatches[index];
    exchange.expand(thread, batch, batch.microBatches[index], staging.x);
    staging.labels.set(exchange.labels(batch.slot).subarray(firstRow, firstRow + rows));
    // Padding rows weigh 0.
    staging.labels.fill(0, rows, paddedRows);
    staging.weights.fill(1, 0, rows).fill(0, rows, paddedRows);
    if (exchange.shape.hasWeight) {
      staging.real.set(staging.weights.subarray(0, staging.real.length));
      staging.weights.set(exchange.weights(batch.slot).subarray(firstRow, firstRow + rows));
    }
    exchange.copyNumbers(batch, batch.microBatches[index], staging.numbers);
    const weights = firstOrder && exchange.expandFirstOrder(thread, batch, batch.microBatches[index]);
    if (weights) staging.firstOrder.set(weights);
    staging.scale[0] = 1 / (rowShare * batch.weight);
    this.drawMasks(firstRow, paddedRows);
    const feeds = staging.feeds(paddedRows);
    exchange.trace?.lap('expand', index);
    const began = performance.now();
    if (isWhole) await sessions.whole.run(feeds, staging.wholeFetches(paddedRows));
    else await sessions.valuesOnly.run(feeds, staging.valueFetches(paddedRows));
    this.runMs += performance.now() - began;
    exchange.trace?.lap('network', index);
    this.runs++;

    if (!Number.isFinite(staging.loss[0])) {
      throw lossNotFinite(exchange, batch, index, staging.loss[0], this.settings.trainingStep);
    }
    const dX = exchange.block(thread, paddedRows);
    dX.set(staging.dX.subarray(0, dX.length));
    exchange.sumSegments(batch, index, dX.byteOffset);
    if (isWhole && weights) {
      weights.set(staging.dFirstOrder.subarray(0, weights.length));
      exchange.sumFirstOrder(batch, index, weights.byteOffset);
    }
    if (isWhole) this.publish(index);
    exchange.trace?.lap('segment sum', index);
  }

  /** Loss, dense gradients and statistics of one micro-batch, to where all threads see them. */
  private publish(index: number): void {
    const { staging, dense } = this;
    const { exchange } = this.options;
    new Float64Array(exchange.memory.buffer, exchange.at.losses, index + 1)[index] = staging.loss[0];
    exchange.floats('denseGradients', index * dense.length, dense.length).set(staging.gradients);
    let at = index * exchange.shape.statistics;
    for (const values of staging.statistics) {
      exchange.floats('statistics', at, values.length).set(values);
      at += values.length;
    }
  }

  /** Gradients of the looked-up rows from `start` on, out (n, D), each by the tree over the micro-batches it is in. */
  private combineRows(batch: PlannedBatch, start: number, out: Float32Array): void {
    const { exchange, thread } = this.options;
    exchange.combineSums(thread, batch, exchange.at.sums, exchange.shape.dim, start, out);
  }

  private drawMasks(firstRow: number, rows: number): void {
    const { model, exchange, thread, seed } = this.options;
    const [keyLow, keyHigh] = seedKey(seed);
    const maskColumns = exchange.shape.maskColumns;
    for (const [i, { layer, width, rate }] of model.dropouts.entries()) {
      const mask = exchange.floats(
        'masks',
        thread * mostMicroRows(exchange.shape) * maskColumns,
        rows * width,
      );
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
      this.staging.masks[i].set(mask);
    }
  }
}
