// The shared memory through which the main thread and the team pass a batch: two slots for batches and their row
// plans (one in work, one being made), the dequantized rows, and, per thread, the block X that goes to the network.
// Training adds gradients, micro-batch sums and the dense parameters. Everything is sized once, from the shape.

import { type MicroBatch, microBatches, paddedRows } from '../batch/micro-batches.js';
import { mostOccurrences, type PlanSize, planBytes, type RowPlan } from '../batch/plan.js';
import { CHUNK_ROWS } from '../embedding/shard.js';
import { UserError } from '../errors.js';
import type { Kernels } from '../kernels/kernels.js';
import { wasmKernels } from '../kernels/load.js';
import { PAGE_BYTES, pagesOf } from '../kernels/pages.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { DENSE_BLOCK } from '../models/dense.js';
import { Barrier } from '../team/barrier.js';

/** Batches that can be with the team: one in work, one planned. */
export const SLOTS = 2;
/** What the kernels can address. */
const MAX_MEMORY_BYTES = 2 ** 31;
const CONTROL_WORDS = 16;
/** The word from which threads claim their work, after those of the barrier. */
const CLAIMS = Barrier.WORDS;

/** What the exchange is sized by. */
export interface ExchangeShape {
  /** The most rows of a batch. */
  batchRows: number;
  /** The most rows of a micro-batch. */
  microRows: number;
  fields: number;
  dim: number;
  /** The most ids of a batch where a field is a bag, else null. */
  bagIds: number | null;
  /** Numeric inputs, N. */
  numbers: number;
  hasWeight: boolean;
  threads: number;
  /** What training needs beside scoring. */
  training: null | {
    /** Floats of the dense parameters, in whole blocks. */
    denseLength: number;
    denseStateBytes: number;
    /** Floats of the running statistics. */
    statistics: number;
    /** Columns of the widest dropout mask. */
    maskColumns: number;
  };
}

type Name =
  | 'control'
  | 'work'
  | 'plans'
  | 'labels'
  | 'numbers'
  | 'weights'
  | 'logits'
  | 'values'
  | 'block'
  | 'gradient'
  | 'change'
  | 'steps'
  | 'dSteps'
  | 'newSteps'
  | 'sums'
  | 'masks'
  | 'dense'
  | 'denseGradients'
  | 'denseState'
  | 'denseBlocks'
  | 'losses'
  | 'statistics'
  | 'running';

/** The number of micro-batches, a power of two, of the largest batch. */
export function mostMicroBatches({
  batchRows,
  microRows,
}: Pick<ExchangeShape, 'batchRows' | 'microRows'>): number {
  return 2 ** Math.ceil(Math.log2(microBatches(batchRows, microRows).length));
}

/** Byte offset of every region, and the bytes of all. */
export function exchangeLayout(shape: ExchangeShape): { at: Record<Name, number>; bytes: number } {
  const { batchRows, fields, dim, bagIds, threads, training } = shape;
  const micro = mostMicroBatches(shape);
  const occurrences = mostOccurrences(planSize(shape));
  // Without bags every micro-batch has room for as many as the largest, padding included.
  const sums = bagIds ?? (batchRows + 16 * micro) * fields;
  const microRows = mostMicroRows(shape);
  const rowBytes = 4 * dim;
  const sizes: Record<Name, number> = {
    control: 4 * CONTROL_WORDS,
    work: threads * workBytes(shape),
    plans: SLOTS * slotBytes(shape),
    labels: SLOTS * 4 * batchRows,
    numbers: SLOTS * 4 * batchRows * shape.numbers,
    weights: shape.hasWeight ? SLOTS * 4 * batchRows : 0,
    logits: SLOTS * 4 * batchRows,
    values: occurrences * rowBytes,
    block: threads * microRows * fields * rowBytes,
    gradient: training ? occurrences * rowBytes : 0,
    change: training ? occurrences * rowBytes : 0,
    steps: training ? 4 * occurrences : 0,
    dSteps: training ? 4 * occurrences : 0,
    newSteps: training ? 4 * occurrences : 0,
    sums: training ? sums * rowBytes : 0,
    masks: training ? 4 * threads * microRows * training.maskColumns : 0,
    dense: training ? 4 * training.denseLength : 0,
    denseGradients: training ? 4 * micro * training.denseLength : 0,
    denseState: training ? training.denseStateBytes : 0,
    denseBlocks: training ? (4 * training.denseLength) / DENSE_BLOCK : 0,
    losses: training ? 8 * micro : 0,
    statistics: training ? 4 * micro * training.statistics : 0,
    running: training ? 4 * training.statistics : 0,
  };
  let end = 0;
  const at = {} as Record<Name, number>;
  for (const [name, bytes] of Object.entries(sizes) as [Name, number][]) {
    at[name] = end;
    end = Math.ceil((end + bytes) / 64) * 64;
  }
  return { at, bytes: pagesOf(end) * PAGE_BYTES };
}

/** Rows of the largest micro-batch, padding included. */
export function mostMicroRows({
  batchRows,
  microRows,
}: Pick<ExchangeShape, 'batchRows' | 'microRows'>): number {
  return paddedRows(Math.min(microRows, batchRows));
}

/** Per thread: the address of each micro-batch's sum, or 64 bytes for a kernel that draws masks. */
function workBytes(shape: ExchangeShape): number {
  return Math.ceil((4 * mostMicroBatches(shape)) / 64) * 64;
}

function slotBytes(shape: ExchangeShape): number {
  return Math.ceil(planBytes(planSize(shape), mostMicroBatches(shape)) / 64) * 64;
}

/** What a plan of the shape's batches is sized by. */
export function planSize({ batchRows, fields, bagIds }: Omit<ExchangeShape, 'training'>): PlanSize {
  return { rows: batchRows, fields, bagIds };
}

/** A batch as the team receives it; the plan's arrays lie in the exchange memory. */
export interface PlannedBatch {
  slot: number;
  rows: number;
  /** Sum of its rows' weights; their number where they have none. */
  weight: number;
  plan: RowPlan;
  microBatches: MicroBatch[];
}

/** The memory that threads share; may be sent to a worker. */
export interface ExchangeMemory {
  shape: ExchangeShape;
  memory: SharedMemory;
}

/** Allocates the exchange of a shape, filled with zeros. */
export function allocateExchange(shape: ExchangeShape): ExchangeMemory {
  const { bytes } = exchangeLayout(shape);
  if (bytes > MAX_MEMORY_BYTES) {
    throw new UserError(
      `Batches of ${shape.batchRows} rows with ${shape.fields} fields${shape.bagIds === null ? '' : ` (up to ${shape.bagIds} ids in their bags)`} of width ${shape.dim} need ${(bytes / 2 ** 30).toFixed(2)} GiB of buffers (at most 2).`,
      'lower training.batchSize or model.dim.',
      2,
    );
  }
  const pages = pagesOf(bytes);
  return { shape, memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }) };
}

/** One thread's view of the exchange. */
export class Exchange {
  readonly shape: ExchangeShape;
  readonly memory: SharedMemory;
  readonly at: Record<Name, number>;
  readonly kernels: Kernels;
  readonly barrier: Barrier;
  private readonly control: Int32Array;
  private claimed = 0;

  constructor({ shape, memory }: ExchangeMemory) {
    this.shape = shape;
    this.memory = memory;
    this.at = exchangeLayout(shape).at;
    this.kernels = wasmKernels(memory);
    this.control = new Int32Array(memory.buffer, this.at.control, CONTROL_WORDS);
    this.barrier = new Barrier(this.control, shape.threads);
  }

  floats(name: Name, offset: number, length: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.memory.buffer, this.at[name] + 4 * offset, length);
  }

  /** Where the plan of a slot begins. */
  planAt(slot: number): number {
    return this.at.plans + slot * slotBytes(this.shape);
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

  logits(slot: number): Float32Array {
    return this.floats('logits', slot * this.shape.batchRows, this.shape.batchRows);
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

  /** Expands the batch's rows to this thread's block: X (paddedRows, F·D), bags pooled, zero where rows only pad. */
  expand(thread: number, batch: PlannedBatch, micro: MicroBatch): Float32Array<SharedArrayBuffer> {
    const { fields, dim } = this.shape;
    const x = this.block(thread, micro.paddedRows);
    const { positions, bags } = batch.plan;
    const [first, count] = [micro.firstRow * fields, micro.rows * fields];
    if (bags) {
      const offsets = bags.offsets.byteOffset + 4 * first;
      const divisors = bags.divisors.byteOffset + 4 * first;
      this.kernels.poolRows(
        this.at.values,
        positions.byteOffset,
        offsets,
        divisors,
        count,
        dim,
        x.byteOffset,
      );
    } else {
      this.kernels.expandRows(this.at.values, positions.byteOffset + 4 * first, count, dim, x.byteOffset);
    }
    x.fill(0, count * dim);
    return x;
  }

  /** Copies the numbers of a micro-batch's rows to `out` (paddedRows, N), zero where rows only pad. */
  copyNumbers(batch: PlannedBatch, { firstRow, rows }: MicroBatch, out: Float32Array): void {
    const N = this.shape.numbers;
    out.set(this.numbers(batch.slot).subarray(firstRow * N, (firstRow + rows) * N));
    out.fill(0, rows * N);
  }

  /** Sums dX (paddedRows, F·D) of a micro-batch over each row's occurrences, in batch order; dX is used up. */
  sumSegments(batch: PlannedBatch, index: number, dX: number): void {
    const { fields, dim } = this.shape;
    const { microBatches, bags } = batch.plan;
    const { local, starts, occurrences, firstSum } = microBatches[index];
    if (bags) {
      const { firstRow, rows } = batch.microBatches[index];
      const divisors = bags.divisors.byteOffset + 4 * firstRow * fields;
      this.kernels.divideRows(dX, divisors, rows * fields, dim);
    }
    const out = this.at.sums + 4 * firstSum * dim;
    this.kernels.segmentSum(dX, starts.byteOffset, occurrences.byteOffset, local.length, dim, out);
  }
}
