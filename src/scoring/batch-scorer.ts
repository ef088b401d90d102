// One thread that scores batches by itself: rows of the table straight into the network's input, the network, logits. No plan
// of unique rows: a call's batch is small, and a row that occurs twice is read twice for less than finding that out. Bits are
// those of the team that evaluates (scorer.ts): the same rows, sums in the same order, the same graph on whole sixteens.
import { type MicroBatch, microBatches, paddedRows } from '../batch/micro-batches.js';
import type { Pairs } from '../embedding/pairs.js';
import type { RowValues } from '../embedding/row-values.js';
import { createSession, type Session, type View } from '../graph/session.js';
import { allocateStaging } from '../graph/staging.js';
import { inputNames } from '../models/model.js';
import { allocateBatch, type BatchArrays, type BatchShape, batchArrays } from './batch-memory.js';
import { mostMicroRows } from './exchange-layout.js';
import { MICRO_ROWS } from './micro-rows.js';

/** What a batch's rows are looked up and pooled by. */
export interface LookupShape {
  /** (F), the first table row of each field's vocabulary. */
  firstRows: Uint32Array;
  /** (F), whether bags of the field are pooled by their mean. */
  isMean: readonly boolean[];
  /** Where an embedding is made of two rows, else null. */
  pairs: Pairs | null;
}

/** Where the time of a batch went. */
export interface BatchTimes {
  lookupMs: number;
  networkMs: number;
}

/** One thread's scorer. */
export class BatchScorer {
  private readonly staging: Record<'x' | 'logits' | 'numbers' | 'firstOrder', Float32Array>;
  /** Numbers of the looked-up rows, of a micro-batch. */
  private numbers: Uint32Array;
  private readonly readEmbeddings: Read;

  private constructor(
    private readonly session: Session,
    private readonly table: RowValues,
    private readonly firstOrder: RowValues | null,
    private readonly shape: BatchShape,
    private readonly lookup: LookupShape,
  ) {
    const { fields, numbers } = shape;
    const rows = mostMicroRows({ batchRows: shape.batchRows, microRows: MICRO_ROWS });
    const [x, logits, dense, weights] = allocateStaging([
      rows * fields * table.dim,
      rows,
      rows * numbers,
      firstOrder ? rows * fields : 0,
    ]);
    this.staging = { x, logits, numbers: dense, firstOrder: weights };
    this.numbers = new Uint32Array(rows * fields);
    this.readEmbeddings = lookup.pairs ? readPairs(table, lookup.pairs) : readRows(table);
  }

  /** @param graph scoring graph (ONNX, weights inside) */
  static async create(
    graph: Uint8Array,
    table: RowValues,
    firstOrder: RowValues | null,
    shape: BatchShape,
    lookup: LookupShape,
  ): Promise<BatchScorer> {
    const scorer = new BatchScorer(await createSession(graph), table, firstOrder, shape, lookup);
    // The first run takes longer than others, and tells whether graph and tables fit.
    await scorer.run(
      scorer.feed(padding(shape), { firstRow: 0, rows: 1, paddedRows: paddedRows(1) }),
      paddedRows(1),
    );
    return scorer;
  }

  /** Scores the first rows of a batch into its logits. */
  async score(batch: BatchArrays, rows: number): Promise<BatchTimes> {
    const times = { lookupMs: 0, networkMs: 0 };
    for (const micro of microBatches(rows, MICRO_ROWS)) {
      const began = performance.now();
      const feeds = this.feed(batch, micro);
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
    const logits = this.staging.logits.subarray(0, rows);
    await this.session.run(feeds, { logits: { data: logits, shape: [rows, 1] } });
    return logits;
  }

  private feed(batch: BatchArrays, { firstRow, rows, paddedRows }: MicroBatch): Record<string, View> {
    const { staging, table, firstOrder, shape, lookup } = this;
    const { fields, numbers: N } = shape;
    const first = firstRow * fields;
    const segments = rows * fields;
    const offsets = batch.offsets?.subarray(first, first + segments + 1) ?? null;
    const from = offsets ? offsets[0] : first;
    const ids = batch.ids.subarray(from, offsets ? offsets[segments] : first + segments);
    const numbers = this.numbersOf(ids, offsets, segments);
    const x = staging.x.subarray(0, paddedRows * fields * table.dim);
    readPooled(this.readEmbeddings, numbers, offsets, segments, table.dim, lookup.isMean, x);
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
      readPooled(readRows(firstOrder), numbers, offsets, segments, 1, lookup.isMean, weights);
      feeds[inputNames.firstOrder] = { data: weights, shape: [paddedRows, fields] };
    }
    return feeds;
  }

  /** The numbers of features: first row of the vocabulary + id. */
  private numbersOf(ids: Uint32Array, offsets: Uint32Array | null, segments: number): Uint32Array {
    const { firstRows } = this.lookup;
    const F = firstRows.length;
    if (ids.length > this.numbers.length) this.numbers = new Uint32Array(ids.length);
    const { numbers } = this;
    if (!offsets) {
      for (let at = 0; at < segments; )
        for (let f = 0; f < F; f++, at++) numbers[at] = firstRows[f] + ids[at];
    } else {
      for (let s = 0; s < segments; s++) {
        const first = firstRows[s % F];
        const end = offsets[s + 1] - offsets[0];
        for (let at = offsets[s] - offsets[0]; at < end; at++) numbers[at] = first + ids[at];
      }
    }
    return numbers.subarray(0, ids.length);
  }
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

type Read = (rows: Uint32Array, values: Float32Array) => void;

/**
 * Embeddings of `numbers` to `out` (≥ segments, dim), zero behind them. Bags are summed from their first element on, one fp32
 * addition each, and divided last, as the kernel does (poolRows).
 */
function readPooled(
  read: Read,
  numbers: Uint32Array,
  offsets: Uint32Array | null,
  segments: number,
  dim: number,
  isMean: readonly boolean[],
  out: Float32Array,
): void {
  out.fill(0, segments * dim);
  if (!offsets) {
    read(numbers, out.subarray(0, segments * dim));
    return;
  }
  const values = new Float32Array(numbers.length * dim);
  read(numbers, values);
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

function readRows(table: RowValues): Read {
  return (rows, values) => table.read(rows, values);
}

/** Reads embeddings that are made of two rows each. */
function readPairs(table: RowValues, { quotients, remainders, combine }: Pairs): Read {
  return (numbers, values) => {
    const { dim } = table;
    const rows = new Uint32Array(2 * numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      rows[i] = Math.floor(numbers[i] / remainders);
      rows[numbers.length + i] = quotients + (numbers[i] % remainders);
    }
    const stored = new Float32Array(rows.length * dim);
    table.read(rows, stored);
    for (let i = 0, other = numbers.length * dim; i < values.length; i++, other++) {
      values[i] = combine === 'product' ? stored[i] * stored[other] : stored[i] + stored[other];
    }
  };
}
