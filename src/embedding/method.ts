// What an embedding method is. It says what it stores, and owns its training step: the trainer lends it the
// network as a function. A step is written once, for whatever blocks of the batch's unique rows a thread gets to,
// and runs on every thread at the same time; `network.backward` is where they meet.
import type { z } from 'zod';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Zod } from '../options.js';
import type { CodeBits } from '../quantization/grid.js';
import type { StepBytes } from '../quantization/row-grid.js';
import type { Storage } from './layout.js';
import type { Rounding, Table } from './table.js';

/**
 * Some of a batch's rows, few enough that their records stay in the cache while one operation after the other is
 * done to them. n ≤ CHUNK_ROWS. The arrays are lent for the step, and all threads see them: what one thread leaves in
 * a block, another may find when it gets to the block after the next `backward`.
 */
export interface Block {
  /** Position of the first row among the rows behind the batch. */
  start: number;
  /** (n), unique, ascending: rows as stored, which embeddings may share (`Storage.lookups`). */
  rows: Uint32Array;
  values: Float32Array; // (n, D)
  gradient: Float32Array; // (n, D)
  change: Float32Array; // (n, D)
  steps: Float32Array; // (n)
  dSteps: Float32Array; // (n)
  newSteps: Float32Array; // (n)
}

/** The network as a method sees it. */
export interface Network {
  /**
   * Forward and backward of the whole batch, at the `values` of all blocks; waits for all threads to have set them.
   * Gives the blocks that this thread gets to now, not those it had before, each with its `gradient`: the loss's
   * derivative by the values, summed over each row's occurrences. With `updatesDense` the network's own parameters
   * take their optimizer step too; without it their gradients are not even computed. Dropout masks depend on the
   * training step alone.
   */
  backward(pass: Pass): Promise<Iterable<Block>>;
}

/**
 * What a pass is for. One that updates nothing may look at a share of the micro-batches alone (above 0 to 1), drawn at
 * random by the training step: its gradient is right on average, and 0 for rows that are in none of them.
 */
export type Pass = { updatesDense: true } | { updatesDense: false; share?: number };

/** Where in an epoch a batch is. Unlike the count of steps it says when an epoch ends. */
export interface EpochPosition {
  /** From 1. */
  epoch: number;
  /** From 1. */
  batch: number;
  /** Of each epoch. */
  batches: number;
}

/** One training step, as one thread sees it. */
export interface TrainingStep {
  table: Table;
  /** The batch's unique rows, as far as this thread gets to them; to be gone through once. */
  blocks: Iterable<Block>;
  network: Network;
  /** t, counted from 1 over the whole run. */
  trainingStep: number;
  position: EpochPosition;
  /** B: rows really in the batch. */
  batchRows: number;
  /** Factor of the learning-rate schedule, for every rate. */
  rateFactor: number;
  /**
   * Waits until all threads have come here; then one of them does `work`, with what the whole batch left in its
   * blocks, and the step is over. What it sums over rows it must sum in their order.
   */
  alone(work: (batch: { rows: Uint32Array; dSteps: Float32Array }) => void): void;
  /** Waits until all threads have come here; then all do `work`, on the whole table, each on its rows. The step is over. */
  together(work: (share: TableShare) => void): void;
}

/** A thread's part of what all do to a whole table. */
export interface TableShare {
  /** Rows first … end − 1. */
  first: number;
  end: number;
  /** Waits for all threads. */
  meet(): void;
  /** Adds up, element by element, what each thread counted, in place: whole numbers, at most MOST_COUNTS of them. */
  sum(counts: Float64Array): void;
}

/** Numbers that threads can add up at a time. */
export const MOST_COUNTS = 2048;

/** What a method is made from: everything but its own options is common to all. */
export interface MethodSettings<Options> {
  dim: number;
  bits: CodeBits;
  /** Of hot rows (tiers.ts); null: there are none. Given to methods that take it. */
  hotBits: CodeBits | null;
  rounding: Rounding;
  /** Of a row's step: for methods whose rows of codes have one each. */
  stepBytes: StepBytes;
  /** Standard deviation of initial values. */
  deviation: number;
  optimizer: Optimizer;
  learningRate: number;
  weightDecay: number;
  options: Options;
}

/** A method with its settings: what a row stores, and one training step. */
export interface Method {
  readonly storage: Storage;
  /** The rule of each row's step; its state is part of the row. */
  readonly stepOptimizer: Optimizer;
  /** Steps never fall below it; null where steps are not learned. */
  readonly stepFloor: number | null;
  trainStep(step: TrainingStep): Promise<void>;
  /** After the last step of an epoch, before the model is scored and stored: on one thread, no other at work. */
  finishEpoch?(table: Table): void;
  /** Bytes of a row in a table that is served, where these are not its codes and step as stored. */
  readonly servedRowBytes?: number;
}

/** A method in the registry. */
export interface MethodSpec<Options> {
  /** One line for `--help`. */
  readonly summary: string;
  /** Whether `--bits` and `--rounding` mean anything. */
  readonly isQuantized: boolean;
  /** The rounding of a method that is defined with one alone; absent where `--rounding` chooses. */
  readonly rounding?: Rounding;
  /** Whether `method.hotBits` means anything: rows are codes, and each knows its own bits. */
  readonly hasTiers?: true;
  /** The width where none is asked for; absent: 8. */
  readonly defaultBits?: CodeBits;
  /** Whether each row of codes has a step, so that `method.stepType` means something. */
  readonly hasRowSteps?: true;
  /** The method that this one trains exactly as: only what is read afterwards differs (training/derive.ts). */
  readonly derivedFrom?: 'full';
  /** Strict schema of `--set <method>.…`, with defaults. */
  readonly options: (z: Zod) => z.ZodType<Options>;
  create(settings: MethodSettings<Options>): Method;
}
