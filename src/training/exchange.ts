// The shared memory through which the main thread and the team pass a batch: two slots for batches and their row
// plans (one in work, one being made), the dequantized rows, and, per thread, the block X that goes to the network. Its
// regions are laid out once, from the shape (exchange-layout.ts).
import type { MicroBatch } from '../batch/micro-batches.js';
import type { PairPlan } from '../batch/pair-planner.js';
import type { RowPlan } from '../batch/plan.js';
import { CHUNK_ROWS } from '../embedding/shard.js';
import type { Kernels } from '../kernels/kernels.js';
import { wasmKernels } from '../kernels/load.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { Barrier } from '../team/barrier.js';
import type { SpanName, Trace } from '../team/trace.js';
import {
  CONTROL_WORDS,
  type ExchangeMemory,
  type ExchangeShape,
  exchangeLayout,
  mostMicroRows,
  type Region,
  rowPlanBytes,
  slotBytes,
  workBytes,
} from './exchange-layout.js';

/** The word from which threads claim their work, after those of the barrier. */
const CLAIMS = Barrier.WORDS;

/** Floats of X that are expanded at a time: 256 KB, a part of the second cache. */
const PIECE_FLOATS = 2 ** 16;

/** A batch as the team receives it; the plan's arrays lie in the exchange memory. */
export interface PlannedBatch {
  slot: number;
  rows: number;
  /** Sum of its rows' weights; their number where they have none. */
  weight: number;
  /** Of the embeddings that the batch looks up. */
  plan: RowPlan;
  /** Where each of these is made of two rows, else null. */
  pairs: PairPlan | null;
  /** The table's rows behind the batch, which it reads and updates: those of `pairs`, or else of `plan`. */
  stored: Uint32Array;
  microBatches: MicroBatch[];
}

/** One thread's view of the exchange. */
export class Exchange {
  readonly shape: ExchangeShape;
  readonly memory: SharedMemory;
  readonly at: Record<Region, number>;
  readonly kernels: Kernels;
  readonly barrier: Barrier;
  private readonly control: Int32Array;
  private claimed = 0;

  /** @param trace of the thread whose view it is */
  constructor(
    { shape, memory }: ExchangeMemory,
    readonly trace: Trace | null = null,
  ) {
    this.shape = shape;
    this.memory = memory;
    this.at = exchangeLayout(shape).at;
    this.kernels = wasmKernels(memory);
    this.control = new Int32Array(memory.buffer, this.at.control, CONTROL_WORDS);
    this.barrier = new Barrier(this.control, shape.threads);
  }

  /** Waits for all threads. The trace gets what this one did before, and the wait. */
  meet(done: SpanName | null = null): void {
    if (done) this.trace?.lap(done);
    this.barrier.wait();
    this.trace?.lap('barrier');
  }

  floats(region: Region, offset: number, length: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.memory.buffer, this.at[region] + 4 * offset, length);
  }

  /** Where the plan of a slot begins. */
  planAt(slot: number): number {
    return this.at.plans + slot * slotBytes(this.shape);
  }

  /** Where the plan of its pairs begins. */
  pairPlanAt(slot: number): number {
    return this.planAt(slot) + rowPlanBytes(this.shape);
  }

  labels(slot: number): Float32Array {
    return this.floats('labels', slot * this.shape.batchRows, this.shape.batchRows);
  }

  /** (batchRows, N). */
  numbers(slot: number): Float32Array {
    const length = this.shape.batchRows * this.shape.numbers;
    return this.floats('numbers', slot * length, length);
  }

  /** (batchRows), where rows have a weight. */
  weights(slot: number): Float32Array {
    const length = this.shape.hasWeight ? this.shape.batchRows : 0;
    return this.floats('weights', slot * length, length);
  }

  /** Address of this thread's work area for kernels. */
  workAt(thread: number): number {
    return this.at.work + thread * workBytes(this.shape);
  }

  /** This thread's block X (rows, F·D). */
  block(thread: number, rows: number): Float32Array<SharedArrayBuffer> {
    const { fields, dim } = this.shape;
    return this.floats('block', thread * mostMicroRows(this.shape) * fields * dim, rows * fields * dim);
  }

  /**
   * The numbers from 0 to `count` − 1 that this thread gets to: whoever is ready takes the next. All threads call it
   * for the same things, go through to the end, and meet at the barrier before they share out the next. Each number
   * is had by one thread; a result must not depend on which.
   */
  *claim(count: number): Generator<number> {
    const first = this.claimed;
    for (;;) {
      const index = (Atomics.add(this.control, CLAIMS, 1) - first) | 0;
      if (index >= count) break;
      yield index;
    }
    // Every thread's last claim finds nothing left: the next counting starts after all of these.
    this.claimed = (first + count + this.shape.threads) | 0;
  }

  /** Blocks of unique rows that this thread gets to, of a batch with `unique` of them. */
  *claimRows(unique: number): Generator<{ start: number; end: number }> {
    for (const block of this.claim(Math.ceil(unique / CHUNK_ROWS))) {
      yield { start: block * CHUNK_ROWS, end: Math.min(unique, (block + 1) * CHUNK_ROWS) };
    }
  }

  /**
   * Expands the batch's rows to `out`, X (paddedRows, F·D), bags pooled, zero where rows only pad. It goes through this
   * thread's block, which kernels can write to, piece by piece: a piece is copied on while it is in the cache.
   */
  expand(thread: number, batch: PlannedBatch, micro: MicroBatch, out: Float32Array): void {
    const { fields, dim, pairs } = this.shape;
    const values = pairs ? this.at.embeddings : this.at.values;
    const most = Math.max(1, Math.floor(PIECE_FLOATS / (fields * dim)));
    for (let row = 0; row < micro.paddedRows; row += most) {
      const paddedRows = Math.min(most, micro.paddedRows - row);
      const rows = Math.max(0, Math.min(most, micro.rows - row));
      const piece = { firstRow: micro.firstRow + row, rows, paddedRows };
      out.set(this.expandTo(this.block(thread, paddedRows), values, dim, batch, piece), row * fields * dim);
    }
  }

  /** The same of first-order weights: (paddedRows, F). */
  expandFirstOrder(thread: number, batch: PlannedBatch, micro: MicroBatch): Float32Array<SharedArrayBuffer> {
    const { fields } = this.shape;
    const from = thread * mostMicroRows(this.shape) * fields;
    const out = this.floats('firstOrderBlock', from, micro.paddedRows * fields);
    return this.expandTo(out, this.at.firstOrder, 1, batch, micro);
  }

  /** Expands values (U, dim) to `out` (paddedRows, F·dim). */
  private expandTo(
    out: Float32Array<SharedArrayBuffer>,
    values: number,
    dim: number,
    batch: PlannedBatch,
    micro: MicroBatch,
  ): Float32Array<SharedArrayBuffer> {
    const { fields } = this.shape;
    const { positions, bags } = batch.plan;
    const [first, count] = [micro.firstRow * fields, micro.rows * fields];
    if (bags) {
      const offsets = bags.offsets.byteOffset + 4 * first;
      const divisors = bags.divisors.byteOffset + 4 * first;
      this.kernels.poolRows(values, positions.byteOffset, offsets, divisors, count, dim, out.byteOffset);
    } else {
      this.kernels.expandRows(values, positions.byteOffset + 4 * first, count, dim, out.byteOffset);
    }
    out.fill(0, count * dim);
    return out;
  }

  /** Copies the numbers of a micro-batch's rows to `out` (paddedRows, N), zero where rows only pad. */
  copyNumbers(batch: PlannedBatch, { firstRow, rows }: MicroBatch, out: Float32Array): void {
    const N = this.shape.numbers;
    out.set(this.numbers(batch.slot).subarray(firstRow * N, (firstRow + rows) * N));
    out.fill(0, rows * N);
  }

  /** Sums dX (paddedRows, F·D) of a micro-batch over each row's occurrences, in batch order; dX is used up. */
  sumSegments(batch: PlannedBatch, index: number, dX: number): void {
    this.sumTo(this.at.sums, this.shape.dim, batch, index, dX);
  }

  /** The sums of a micro-batch that a pass leaves out: 0. */
  clearSegments({ plan }: PlannedBatch, index: number): void {
    const { dim } = this.shape;
    const { local, firstSum } = plan.microBatches[index];
    this.floats('sums', firstSum * dim, local.length * dim).fill(0);
  }

  /** The same of the gradient (paddedRows, F) of first-order weights. */
  sumFirstOrder(batch: PlannedBatch, index: number, gradient: number): void {
    this.sumTo(this.at.firstOrderSums, 1, batch, index, gradient);
  }

  /** Sums gradients (paddedRows, F·dim) to those of all micro-batches at `sums`. */
  private sumTo(sums: number, dim: number, batch: PlannedBatch, index: number, gradients: number): void {
    const { fields } = this.shape;
    const { microBatches, bags } = batch.plan;
    const { local, starts, occurrences, firstSum } = microBatches[index];
    if (bags) {
      const { firstRow, rows } = batch.microBatches[index];
      const divisors = bags.divisors.byteOffset + 4 * firstRow * fields;
      this.kernels.divideRows(gradients, divisors, rows * fields, dim);
    }
    const out = sums + 4 * firstSum * dim;
    this.kernels.segmentSum(gradients, starts.byteOffset, occurrences.byteOffset, local.length, dim, out);
  }

  /**
   * Gradients of the looked-up rows from `start` on, `out` (n, dim) of them: the micro-batches' sums at `sums` by the
   * tree over the micro-batches each row is in. Uses the sums up.
   */
  combineSums(
    thread: number,
    { plan, microBatches }: PlannedBatch,
    sums: number,
    dim: number,
    start: number,
    out: Float32Array,
  ): void {
    this.kernels.combineRows(
      plan.sumStarts.byteOffset + 4 * start,
      plan.sumMicroBatches.byteOffset,
      plan.sumIndices.byteOffset,
      out.length / dim,
      microBatches.length,
      sums,
      plan.sumStride,
      dim,
      out.byteOffset,
      this.workAt(thread),
    );
  }
}
