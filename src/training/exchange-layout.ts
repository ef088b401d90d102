// Where what lies in the exchange (exchange.ts), the shared memory through which a batch is passed: every region's
// place and size, from the shape alone.
import { microBatches, paddedRows } from '../batch/micro-batches.js';
import { mostStoredRows, pairPlanBytes } from '../batch/pair-planner.js';
import { mostOccurrences, type PlanSize, planBytes } from '../batch/plan.js';
import { MOST_COUNTS } from '../embedding/method.js';
import type { Pairs } from '../embedding/pairs.js';
import { UserError } from '../errors.js';
import { PAGE_BYTES, pagesOf } from '../kernels/pages.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import { DENSE_BLOCK } from '../models/dense.js';

/** Batches that can be with the team: one in work, one planned. */
export const SLOTS = 2;
/** What the kernels can address. */
const MAX_MEMORY_BYTES = 2 ** 31;
/** Words for the barrier and for sharing out work. */
export const CONTROL_WORDS = 16;
/** Per thread, what it counted of a whole table, in float64. */
export const COUNTS_BYTES = 8 * MOST_COUNTS;
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
  /** Whether the model has first-order weights. */
  hasFirstOrder: boolean;
  /** Where embeddings are made of two stored rows each, else null. */
  pairs: Pairs | null;
  threads: number;
  /** Floats of the dense parameters, in whole blocks. */
  denseLength: number;
  denseStateBytes: number;
  /** Floats of the running statistics. */
  statistics: number;
  /** Columns of the widest dropout mask. */
  maskColumns: number;
}

/** A region of the exchange. */
export type Region =
  | 'control'
  | 'work'
  | 'plans'
  | 'labels'
  | 'numbers'
  | 'weights'
  | 'values'
  | 'embeddings'
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
  | 'counts'
  | 'statistics'
  | 'running'
  | 'firstOrder'
  | 'firstOrderBlock'
  | 'firstOrderGradient'
  | 'firstOrderSums';

/** The number of micro-batches, a power of two, of the largest batch. */
export function mostMicroBatches({
  batchRows,
  microRows,
}: Pick<ExchangeShape, 'batchRows' | 'microRows'>): number {
  return 2 ** Math.ceil(Math.log2(microBatches(batchRows, microRows).length));
}

/** Byte offset of every region, and the bytes of all. */
export function exchangeLayout(shape: ExchangeShape): { at: Record<Region, number>; bytes: number } {
  const { batchRows, fields, dim, bagIds, threads, denseLength, statistics } = shape;
  const micro = mostMicroBatches(shape);
  const occurrences = mostOccurrences(planSize(shape));
  // Without bags every micro-batch has room for as many as the largest, padding included.
  const sums = bagIds ?? (batchRows + 16 * micro) * fields;
  const microRows = mostMicroRows(shape);
  const stored = shape.pairs ? mostStoredRows(shape.pairs, occurrences) : occurrences;
  const rowBytes = 4 * dim;
  const sizes: Record<Region, number> = {
    control: 4 * CONTROL_WORDS,
    work: threads * workBytes(shape),
    plans: SLOTS * slotBytes(shape),
    labels: SLOTS * 4 * batchRows,
    numbers: SLOTS * 4 * batchRows * shape.numbers,
    weights: shape.hasWeight ? SLOTS * 4 * batchRows : 0,
    values: stored * rowBytes,
    embeddings: shape.pairs ? occurrences * rowBytes : 0,
    block: threads * microRows * fields * rowBytes,
    gradient: stored * rowBytes,
    change: stored * rowBytes,
    steps: 4 * stored,
    dSteps: 4 * stored,
    newSteps: 4 * stored,
    sums: sums * rowBytes,
    masks: 4 * threads * microRows * shape.maskColumns,
    dense: 4 * denseLength,
    denseGradients: 4 * micro * denseLength,
    denseState: shape.denseStateBytes,
    denseBlocks: (4 * denseLength) / DENSE_BLOCK,
    losses: 8 * micro,
    counts: threads * COUNTS_BYTES,
    statistics: 4 * micro * statistics,
    running: 4 * statistics,
    firstOrder: shape.hasFirstOrder ? 4 * occurrences : 0,
    firstOrderBlock: shape.hasFirstOrder ? 4 * threads * microRows * fields : 0,
    firstOrderGradient: shape.hasFirstOrder ? 4 * occurrences : 0,
    firstOrderSums: shape.hasFirstOrder ? 4 * sums : 0,
  };
  let end = 0;
  const at = {} as Record<Region, number>;
  for (const [name, bytes] of Object.entries(sizes) as [Region, number][]) {
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
export function workBytes(shape: ExchangeShape): number {
  return Math.ceil((4 * mostMicroBatches(shape)) / 64) * 64;
}

/** Per slot: its row plan, and behind it the plan of pairs. */
export function slotBytes(shape: ExchangeShape): number {
  const pairs = shape.pairs ? pairPlanBytes(shape.pairs, mostOccurrences(planSize(shape))) : 0;
  return Math.ceil((rowPlanBytes(shape) + pairs) / 64) * 64;
}

/** Bytes of the row plan alone. */
export function rowPlanBytes(shape: ExchangeShape): number {
  return planBytes(planSize(shape), mostMicroBatches(shape));
}

/** What a plan of the shape's batches is sized by. */
export function planSize({
  batchRows,
  fields,
  bagIds,
}: Pick<ExchangeShape, 'batchRows' | 'fields' | 'bagIds'>): PlanSize {
  return { rows: batchRows, fields, bagIds };
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
