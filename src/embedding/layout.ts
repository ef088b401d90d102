// What a row of a table is, in bytes: one record of
//
//   [codes, or fp32 values][step, if each row has its own][bias, if rows are affine]
//   [optimizer state][state of the step's optimizer, if steps are learned]
//
// without padding; step and bias are fp32 or half precision. One record per row, since a training step needs all of it at once (docs/design.md).
import { type FULL_BITS, NO_ROW_STEP } from '../kernels/header.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { type CodeBits, type StoredBits, storedBits } from '../quantization/grid.js';
import { packedBytes } from '../quantization/packing.js';
import type { RowRange, StepBytes } from '../quantization/row-grid.js';
import type { PairLookups } from './pairs.js';
import type { View } from './view.js';

/** What a method stores: codes of M bits with a step per table or per row, or fp32 values (32 bits). */
export interface Storage {
  bits: StoredBits | typeof FULL_BITS;
  /** The step of all rows, or the first step of each row; with `range`, that of rows without any. 1 for fp32 values. */
  tableStep: number;
  hasRowStep: boolean;
  /** Of each row's step, and bias: 4, fp32, or 2, half precision; absent: 4. */
  stepBytes?: StepBytes;
  /**
   * k ≥ 1: the network sees the upper bits − k bits of each code alone, and steps are theirs (quantization/nested-grid.ts).
   * Absent: it sees all. Not with `range`.
   */
  nestedShift?: number;
  /** Each row's step, and bias if affine, are those of its own values, from the first ones on. Asks for `hasRowStep`. */
  range?: RowRange;
  /** The rows that training sees most, in more bits (tiers.ts); absent: all rows alike. */
  hot?: HotStorage;
  /** How fp32 rows are seen by who reads them; absent: as they are stored. */
  view?: View;
  /** How an id finds its embedding; absent: it is the row of that number. */
  lookups?: PairLookups;
  /**
   * First values of numbers that belong to the table as a whole: a step that all rows share and its optimizer state, a
   * threshold. All threads see them, checkpoints hold them.
   */
  parameters?: readonly number[];
}

/** How hot rows differ. */
export interface HotStorage {
  bits: CodeBits;
  /** As `Storage.tableStep`, for their grid. */
  tableStep: number;
}

/** The bits and the step of a method's rows, and of its hot ones, by what the step is for a width. */
export function tieredStorage(
  { bits, hotBits }: { bits: CodeBits; hotBits: CodeBits | null },
  stepOf: (bits: CodeBits) => number,
): Pick<Storage, 'bits' | 'tableStep' | 'hot'> {
  const hot = hotBits && { bits: hotBits, tableStep: Math.fround(stepOf(hotBits)) };
  return { bits, tableStep: Math.fround(stepOf(bits)), ...(hot && { hot }) };
}

/** Byte offsets within a record. */
export interface RowLayout {
  codeBytes: number;
  stepOffset: number;
  stateOffset: number;
  stepStateOffset: number;
  recordBytes: number;
}

/** Whether rows are codes of that many bits; false for fp32 values. */
export function isQuantized(bits: number): bits is StoredBits {
  return (storedBits as readonly number[]).includes(bits);
}

/** The record of a table of width D: offsets in the order of the banner, and its bytes. */
export function rowLayout(
  dim: number,
  storage: Storage,
  optimizer: Optimizer,
  stepOptimizer: Optimizer,
): RowLayout {
  const { bits, hasRowStep, range, stepBytes = 4 } = storage;
  const codeBytes = isQuantized(bits) ? packedBytes(dim, bits) : 4 * dim;
  const stateOffset = codeBytes + (hasRowStep ? stepBytes : 0) + (range === 'affine' ? stepBytes : 0);
  const stepStateOffset = stateOffset + optimizer.stateBytes(dim);
  return {
    codeBytes,
    stepOffset: hasRowStep ? codeBytes : NO_ROW_STEP,
    stateOffset,
    stepStateOffset,
    recordBytes: stepStateOffset + (hasRowStep && !range ? stepOptimizer.stateBytes(1) : 0),
  };
}
