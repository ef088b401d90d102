// What an update rule is to a table: bytes of opaque state per row, and a kernel that turns a gradient into the
// *change* of the values. The table, the checkpoint and the memory report never look inside the state.
import type { z } from 'zod';
import type { OptimizerKernels } from '../kernels/kernels.js';
import type { Zod } from '../options.js';
import { Stream } from '../random/streams.js';

/** Where the states of a shard's rows lie: row r's at `states + (r − firstRow)·stride`. */
export interface StateAddress {
  states: number;
  stride: number;
  firstRow: number;
  /** What the rule moves, by which the random numbers that round its state are told apart. */
  of: keyof typeof momentStreams;
}

/** Streams of the numbers that round moments, of a row's values and of its step. */
export const momentStreams = {
  values: { first: Stream.firstMoment, second: Stream.secondMoment },
  step: { first: Stream.stepFirstMoment, second: Stream.stepSecondMoment },
} as const;

/** Addresses of one block of rows: `rows` (count), the rest (count, dim). `change` receives the result. */
export interface RowBlock {
  rows: number;
  count: number;
  dim: number;
  values: number;
  gradient: number;
  change: number;
}

/** What varies from step to step or from table to table, beside a rule's own options. */
export interface UpdateSettings {
  /** t, counted from 1 over the whole run: also the step of bias corrections, for rows rarely seen too. */
  trainingStep: number;
  learningRate: number;
  /** λ of the coupled form: λ·value is added to the gradient of rows in the batch. */
  weightDecay: number;
}

/** A rule with its options. */
export interface Optimizer {
  readonly name: string;
  /** Bytes of state for one row of `dim` values; fresh state is zero bytes. */
  stateBytes(dim: number): number;
  /** Writes the change of the block's values to `block.change`, and moves the rows' state. */
  change(kernels: OptimizerKernels, at: StateAddress, block: RowBlock, settings: UpdateSettings): void;
}

/** A rule in the registry: its options, and the rule they make. */
export interface OptimizerSpec<Options> {
  readonly options: (z: Zod) => z.ZodType<Options>;
  /** Of rows where none is given; 1e-3 without it. What a rate means differs from rule to rule. */
  readonly defaultRate?: number;
  create(options: Options): Optimizer;
}
