// What the graph of a model is fed with, for a micro-batch: rows of the table straight into the network's input, pooled where
// they are bags, numbers, first-order weights. No plan of unique rows: without a gradient to sum, a row that occurs twice is read
// twice for less than finding that out.
import type { MicroBatch } from '../batch/micro-batches.js';
import type { Pairs } from '../embedding/pairs.js';
import type { RowValues } from '../embedding/row-values.js';
import type { View } from '../graph/session.js';
import { allocateStaging } from '../graph/staging.js';
import { inputNames } from '../models/model.js';
import type { BatchArrays, BatchShape } from './batch-memory.js';
import { mostMicroRows } from './micro-rows.js';
import { readEmbeddings } from './read-embeddings.js';

/** What a batch's rows are looked up and pooled by. */
export interface LookupShape {
  /** (F), the first table row of each field's vocabulary. */
  firstRows: Uint32Array;
  /** (F), whether bags of the field are pooled by their mean. */
  isMean: readonly boolean[];
  /** Where an embedding is made of two rows, else null. */
  pairs: Pairs | null;
}

/** One thread's inputs, which the next micro-batch overwrites. */
export class GraphInputs {
  private readonly staging: Record<'x' | 'numbers' | 'firstOrder', Float32Array>;
  /** Numbers of the looked-up features, of a micro-batch. */
  private features: Uint32Array;
  /** Of bags, the values of all their elements, of a micro-batch. */
  private elements = new Float32Array(0);

  constructor(
    private readonly table: RowValues,
    private readonly firstOrder: RowValues | null,
    private readonly shape: BatchShape,
    private readonly lookup: LookupShape,
  ) {
    const [x, numbers, weights] = allocateStaging(inputPieces(shape, table.dim, firstOrder !== null));
    this.staging = { x, numbers, firstOrder: weights };
    this.features = new Uint32Array(mostMicroRows(shape) * shape.fields);
  }

  get stagingBytes(): number {
    return this.staging.x.buffer.byteLength;
  }

  /** The inputs of a micro-batch, by their names; zero behind its rows. */
  of(batch: BatchArrays, { firstRow, rows, paddedRows }: MicroBatch): Record<string, View> {
    const { staging, table, firstOrder, shape, lookup } = this;
    const { fields, numbers: N } = shape;
    const { offsets } = segmentsOf(batch, firstRow * fields, rows * fields);
    const features = this.featuresOf(batch, firstRow, rows);
    const x = staging.x.subarray(0, paddedRows * fields * table.dim);
    this.readPooled(table, lookup.pairs, features, offsets, x);
    const feeds: Record<string, View> = {
      [inputNames.x]: { data: x, shape: [paddedRows, fields * table.dim] },
    };
    if (N > 0) {
      const dense = staging.numbers.subarray(0, paddedRows * N);
      dense.set(batch.numbers.subarray(firstRow * N, (firstRow + rows) * N));
      dense.fill(0, rows * N);
      feeds[inputNames.numbers] = { data: dense, shape: [paddedRows, N] };
    }
    if (firstOrder) {
      const weights = staging.firstOrder.subarray(0, paddedRows * fields);
      this.readPooled(firstOrder, null, features, offsets, weights);
      feeds[inputNames.firstOrder] = { data: weights, shape: [paddedRows, fields] };
    }
    return feeds;
  }

  /** The numbers of the features that rows look up, first row of the vocabulary + id; lent until the next ones. */
  featuresOf(batch: BatchArrays, firstRow: number, rows: number): Uint32Array {
    const { firstRows } = this.lookup;
    const F = firstRows.length;
    const segments = rows * F;
    const { ids, offsets } = segmentsOf(batch, firstRow * F, segments);
    if (ids.length > this.features.length) this.features = new Uint32Array(ids.length);
    const { features } = this;
    if (!offsets) {
      for (let at = 0; at < segments; )
        for (let f = 0; f < F; f++, at++) features[at] = firstRows[f] + ids[at];
    } else {
      for (let s = 0; s < segments; s++) {
        const first = firstRows[s % F];
        const end = offsets[s + 1] - offsets[0];
        for (let at = offsets[s] - offsets[0]; at < end; at++) features[at] = first + ids[at];
      }
    }
    return features.subarray(0, ids.length);
  }

  /**
   * Embeddings of `features` to the front of `out`, (segments, dim), zero behind them. Bags are summed from their first element
   * on, one fp32 addition each, and divided last, as training's kernel does (poolRows).
   */
  private readPooled(
    table: RowValues,
    pairs: Pairs | null,
    features: Uint32Array,
    offsets: Uint32Array | null,
    out: Float32Array,
  ): void {
    const { dim } = table;
    const segments = offsets ? offsets.length - 1 : features.length;
    out.fill(0, segments * dim);
    if (!offsets) {
      readEmbeddings(table, pairs, features, out.subarray(0, segments * dim));
      return;
    }
    const length = features.length * dim;
    if (length > this.elements.length) this.elements = new Float32Array(length);
    const values = this.elements.subarray(0, length);
    readEmbeddings(table, pairs, features, values);
    const { isMean } = this.lookup;
    for (let s = 0, to = 0; s < segments; s++, to += dim) {
      const first = offsets[s] - offsets[0];
      const length = offsets[s + 1] - offsets[s];
      for (let j = 0; j < dim; j++) {
        // Sums and quotients of two fp32 numbers in float64 round to fp32 as if they were formed there.
        let sum = values[first * dim + j];
        for (let k = 1; k < length; k++) sum = Math.fround(sum + values[(first + k) * dim + j]);
        out[to + j] = isMean[s % isMean.length] ? sum / length : sum;
      }
    }
  }
}

/** Floats of X, numbers and first-order weights. */
export function inputPieces(shape: BatchShape, dim: number, hasFirstOrder: boolean): number[] {
  const rows = mostMicroRows(shape);
  const { fields, numbers } = shape;
  return [rows * fields * dim, rows * numbers, hasFirstOrder ? rows * fields : 0];
}

/** Ids of consecutive segments, and with bags where each segment starts, counted as the batch does, and the last ends. */
function segmentsOf({ ids, offsets }: BatchArrays, first: number, segments: number) {
  if (!offsets) return { ids: ids.subarray(first, first + segments), offsets: null };
  const some = offsets.subarray(first, first + segments + 1);
  return { ids: ids.subarray(some[0], some[segments]), offsets: some };
}
