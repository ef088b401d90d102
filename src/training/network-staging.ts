// A thread's staging for the training graphs: what they read and write of one micro-batch. Whole blocks are copied
// between it and the exchange. Sized once, for the largest micro-batch.
import type { View } from '../graph/session.js';
import { allocateStaging, stagingBytes } from '../graph/staging.js';
import { denseLayout } from '../models/dense.js';
import { inputNames, type Model } from '../models/model.js';

/** Floats of every piece, in the order of the fields below. */
function pieces(model: Model, rows: number): number[] {
  const dense = denseLayout(model).length;
  const block = rows * Number(model.x.shape[1]);
  const masks = model.dropouts.map(({ width }) => rows * width);
  const statistics = model.statistics.map(({ width }) => width);
  const firstOrder = model.firstOrder ? rows * Number(model.firstOrder.shape[1]) : 0;
  const others = [rows * model.numbers, model.hasRealRows ? rows : 0, firstOrder, firstOrder];
  return [dense, dense, block, block, rows, rows, 1, 1, ...others, ...masks, ...statistics];
}

/** Bytes of the staging for micro-batches of up to `rows` rows. */
export function networkStagingBytes(model: Model, rows: number): number {
  return stagingBytes(pieces(model, rows));
}

/** Name of a parameter's gradient among the training graph's outputs. */
export const gradientName = (parameter: string) => `gradient ${parameter}`;

type Floats = Float32Array<ArrayBuffer>;

/** The pieces of a thread's staging, and the views of them that a run of the graph takes. */
export class NetworkStaging {
  readonly bytes: number;
  readonly parameters: Floats;
  readonly gradients: Floats;
  readonly x: Floats; // (rows, F·D)
  readonly dX: Floats; // (rows, F·D)
  readonly labels: Floats; // (rows)
  readonly weights: Floats; // (rows)
  readonly numbers: Floats; // (rows, N)
  readonly real: Floats; // (rows), or none
  readonly firstOrder: Floats; // (rows, F), or none
  readonly dFirstOrder: Floats; // (rows, F), or none
  readonly scale: Floats; // ()
  readonly loss: Floats; // ()
  readonly masks: Floats[]; // each (rows, width)
  readonly statistics: Floats[]; // each (width)

  constructor(
    private readonly model: Model,
    rows: number,
  ) {
    const [parameters, gradients, x, dX, labels, weights, scale, loss, ...others] = allocateStaging(
      pieces(model, rows),
    );
    const [numbers, real, firstOrder, dFirstOrder, ...rest] = others;
    this.bytes = x.buffer.byteLength;
    this.parameters = parameters;
    this.gradients = gradients;
    this.x = x;
    this.dX = dX;
    this.labels = labels;
    this.weights = weights;
    this.numbers = numbers;
    this.real = real;
    this.firstOrder = firstOrder;
    this.dFirstOrder = dFirstOrder;
    this.scale = scale;
    this.loss = loss;
    this.masks = rest.slice(0, model.dropouts.length);
    this.statistics = rest.slice(model.dropouts.length);
  }

  /** What the graph reads for a micro-batch of `rows` rows. */
  feeds(rows: number): Record<string, View> {
    const columns = Number(this.model.x.shape[1]);
    const feeds: Record<string, View> = {
      [inputNames.x]: matrix(this.x, rows, columns),
      [inputNames.labels]: matrix(this.labels, rows, 1),
      [inputNames.weights]: matrix(this.weights, rows, 1),
      [inputNames.scale]: { data: this.scale, shape: [] },
    };
    const { numbers, hasRealRows, firstOrder } = this.model;
    if (numbers > 0) feeds[inputNames.numbers] = matrix(this.numbers, rows, numbers);
    if (hasRealRows) feeds[inputNames.real] = matrix(this.real, rows, 1);
    if (firstOrder) {
      feeds[inputNames.firstOrder] = matrix(this.firstOrder, rows, Number(firstOrder.shape[1]));
    }
    for (const [i, { name, width }] of this.model.dropouts.entries())
      feeds[name] = matrix(this.masks[i], rows, width);
    for (const { name, shape, offset, length } of denseLayout(this.model).entries) {
      feeds[name] = { data: this.parameters.subarray(offset, offset + length), shape };
    }
    return feeds;
  }

  /** What the graph of the gradient of X alone writes. */
  valueFetches(rows: number): Record<string, View> {
    return {
      loss: { data: this.loss, shape: [] },
      dX: matrix(this.dX, rows, Number(this.model.x.shape[1])),
    };
  }

  /** What the graph of all gradients writes. */
  wholeFetches(rows: number): Record<string, View> {
    const fetches = this.valueFetches(rows);
    const { firstOrder } = this.model;
    if (firstOrder) fetches.dFirstOrder = matrix(this.dFirstOrder, rows, Number(firstOrder.shape[1]));
    for (const { name, shape, offset, length } of denseLayout(this.model).entries) {
      fetches[gradientName(name)] = { data: this.gradients.subarray(offset, offset + length), shape };
    }
    for (const [i, { name, width }] of this.model.statistics.entries()) {
      fetches[name] = { data: this.statistics[i], shape: [width] };
    }
    return fetches;
  }
}

function matrix(data: Float32Array, rows: number, columns: number): View {
  return { data: data.subarray(0, rows * columns), shape: [rows, columns] };
}
