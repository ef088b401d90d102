// The hot loops over rows, as one interface with two implementations: `referenceKernels` (plain TypeScript, the
// specification) and the WebAssembly module (fast), equal in every bit. Arguments are byte addresses in one
// memory, counts of elements, and numbers that are rounded to fp32 on the way in.

import type { LookupKernels } from './lookup.js';
import type { RowLossKernels } from './row-losses.js';

/** Kernels on a table's rows; `bind` must have been called. Rows are table rows (u32); all arrays are (count, D). */
export interface RowKernels {
  /** Reads the header there. `work`: this thread's own `workBytes(dim)` bytes, 16-byte aligned. */
  bind(work: number, header: number): void;
  /** Has no effect but on time: brings the rows' records, with all optimizer state, into the caches. */
  fetchRows(rows: number, count: number): void;
  /** Writes the initial value of every row never written; update kernels need it done. */
  touchRows(rows: number, count: number): void;
  /** values = step · code; of nested codes the fine values. */
  readRows(rows: number, count: number, values: number): void;
  /** values = step · the served bits of the code; not for affine or fp32 rows. */
  readServed(rows: number, count: number, values: number): void;
  /** steps (count), of the served codes. */
  readSteps(rows: number, count: number, steps: number): void;
  /** biases (count), 0 where rows have none. */
  readBiases(rows: number, count: number, biases: number): void;
  /** fp32 rows += change. */
  writeValues(rows: number, count: number, change: number): void;
  /** Steps of rows that have one each = steps (count), beside fp32 values; codes get theirs by `writeCodes`. */
  writeSteps(rows: number, count: number, steps: number): void;
  /**
   * steps (count), in place, to what a row of two-byte steps holds; fp32 steps stay. `isStochastic` is 0, to the nearest,
   * or 1, with one uniform of (trainingStep, row) of the stream.
   */
  roundSteps(
    rows: number,
    count: number,
    steps: number,
    trainingStep: number,
    stream: number,
    isStochastic: number,
  ): void;
  /** values = Q_D(w', step), w' = step·code + change; not for affine rows. */
  forwardRows(rows: number, count: number, change: number, values: number): void;
  /** Not for affine rows. dSteps (count) = scale · Σ_j dValues_j · ∂Q_D(w'_j, step)/∂step. */
  stepGradient(
    rows: number,
    count: number,
    change: number,
    dValues: number,
    scale: number,
    dSteps: number,
  ): void;
  /**
   * Of nested codes, whose served values have the gradient dValues: dSteps (count) = scale · Σ_j dValues_j · slope_j, eq.
   * 7 at the stored codes; then, with `inside` 1, dValues_j = 0 where the stored value is beyond the served grid's ends.
   */
  nestedGradient(
    rows: number,
    count: number,
    dValues: number,
    scale: number,
    inside: number,
    dSteps: number,
  ): void;
  /**
   * The grids that rows have by their range after a change: newSteps and newBiases (count). A row that does not change
   * keeps its own.
   */
  fitRows(rows: number, count: number, change: number, newSteps: number, newBiases: number): void;
  /**
   * New codes, newSteps (count; of the served codes) where the table has a step per row, newBiases (count) where rows are affine;
   * `isStochastic` is 0 or 1.
   */
  writeCodes(
    rows: number,
    count: number,
    change: number,
    newSteps: number,
    newBiases: number,
    trainingStep: number,
    stream: number,
    isStochastic: number,
  ): void;
  /** out[0] += saturated served codes, out[1] += zero ones (u32) over the written rows first … first + count − 1. */
  countCodes(first: number, count: number, out: number): void;
  /**
   * Before `writeCodes` with the same arguments: out[0] += non-zero changes, out[1] += those of them whose offset R_D
   * rounds to 0 (u32).
   */
  countErased(
    rows: number,
    count: number,
    change: number,
    newSteps: number,
    newBiases: number,
    out: number,
  ): void;
}

/** fp32 values that are seen on a grid, by a step each row (count); no rows of a table. */
export interface GridKernels {
  /** values (count, dim) = step · R_D(values/step limited to lowest … highest). */
  roundToGrid(
    values: number,
    steps: number,
    count: number,
    dim: number,
    lowest: number,
    highest: number,
  ): void;
  /**
   * dSteps (count) = scale · Σ_j gradient_j · slope_j; then gradient_j = 0 where v = value_j/step is not within
   * lowest … highest. slope_j is atLowest for v ≤ lowest, atHighest for v ≥ highest, and between them R_D(v) − v if
   * `inside` is 1, 0 if it is 0.
   */
  gridGradient(
    values: number,
    steps: number,
    count: number,
    dim: number,
    lowest: number,
    highest: number,
    atLowest: number,
    atHighest: number,
    inside: number,
    scale: number,
    gradient: number,
    dSteps: number,
  ): void;
}

/**
 * Kernels over all values of a run of fp32 rows, by magnitude: the bits of |value|, a whole number below 2^31 that
 * orders like it. For rows of codes they mean nothing.
 */
export interface MagnitudeKernels {
  /**
   * Of the values of rows first … first + count − 1 whose magnitude m has the upper digits m >> shift >> 11 = prefix:
   * bins[(m >> shift) & 2047] += 1 (2048 u32). Rows never written count with their initial values.
   */
  countMagnitudes(first: number, count: number, shift: number, prefix: number, bins: number): void;
  /** Zero for every value of magnitude < limit. Rows never written are written by it. */
  zeroMagnitudes(first: number, count: number, limit: number): void;
}

/** Binary digits that `countMagnitudes` counts by. */
export const MAGNITUDE_DIGITS = 11;

/**
 * Row optimizers: `change` (count, dim) from `gradient` and `values` (count, dim), with g = gradient + weightDecay ·
 * value. `change` may take the gradient's place.
 */
export interface OptimizerKernels {
  /** change = −rate · g. */
  sgd(
    count: number,
    dim: number,
    values: number,
    gradient: number,
    change: number,
    rate: number,
    weightDecay: number,
  ): void;
  /**
   * Where the states of rows are for `adaptValues` and `adaptRows`, until they are bound anew: row's at
   * states + (row − firstRow)·stride, as [first moments (dim), if any][second moments (dim), or one][count, if `start`
   * is by row]. A memory that has no header has states of fp32, and draws nothing.
   */
  bindState(
    states: number,
    stride: number,
    firstRow: number,
    /** By `stateNumbers`. */
    type: number,
    /** 0 or 1. */
    hasFirst: number,
    /** With the streams: of the numbers that round what is not fp32. */
    trainingStep: number,
    firstStream: number,
    secondStream: number,
  ): void;
  /**
   * A rate for each value: m = β1·m + (1 − β1)·g, or g where there are no first moments; v = β2·v + (1 − β2)·g², or
   * v + g² for β2 = 1; change = −rate·m / (√(v / correction) + ε).
   */
  adaptValues: Adapt;
  /** The same with one v for a row, which takes the mean of its g². */
  adaptRows: Adapt;
}

/** The arguments of a rule with moments. */
type Adapt = (
  rows: number,
  count: number,
  dim: number,
  values: number,
  gradient: number,
  change: number,
  rate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  weightDecay: number,
  /** By `startNumbers`. By row, the row's own 1 − β1^n divides `rate`, and its 1 − β2^n is its correction. */
  start: number,
  correction: number,
) => void;

/** Between unique rows and the network. */
export interface BatchKernels {
  /** out (count, dim) = values[positions[i]]. */
  expandRows(values: number, positions: number, count: number, dim: number, out: number): void;
  /**
   * out (segments, dim): of each segment the sum of values[positions[k]], k from offsets[s] to offsets[s + 1] − 1 in
   * that order, over divisors[s] (fp32; 1 for a sum, the number of elements for a mean). No segment is empty.
   */
  poolRows(
    values: number,
    positions: number,
    offsets: number,
    divisors: number,
    segments: number,
    dim: number,
    out: number,
  ): void;
  /** values (count, dim) over divisors (count). */
  divideRows(values: number, divisors: number, count: number, dim: number): void;
  /** out (unique, dim): per row, the sum over its occurrences in batch order. */
  segmentSum(
    dValues: number,
    starts: number,
    occurrences: number,
    unique: number,
    dim: number,
    out: number,
  ): void;
  /**
   * out (count, dim): per row, its micro-batch sums by the binary tree. Uses the sums as accumulators. The lists are
   * a row plan's (batch/plan.ts), `sumStarts` from the first row on; micro-batch p's sums start at p·stride·dim.
   */
  combineRows(
    sumStarts: number,
    sumMicroBatches: number,
    sumIndices: number,
    count: number,
    parts: number,
    sums: number,
    stride: number,
    dim: number,
    out: number,
    work: number,
  ): void;
  /** out (count, dim) = values[pairs[2i]] ⊙ values[pairs[2i + 1]]. */
  multiplyPairs(values: number, pairs: number, count: number, dim: number, out: number): void;
  /** out (count, dim) = values[pairs[2i]] + values[pairs[2i + 1]]. */
  addPairs(values: number, pairs: number, count: number, dim: number, out: number): void;
  /**
   * The gradient of `multiplyPairs` by values[first] … values[first + count − 1], out (count, dim): of value s the sum
   * of dProducts[m] ⊙ the other value of pair m, over the pairs m that s is in: members[starts[s]] to
   * members[starts[s + 1] − 1], in that order. No value is in no pair.
   */
  pairGradients(
    dProducts: number,
    values: number,
    pairs: number,
    starts: number,
    members: number,
    first: number,
    count: number,
    dim: number,
    out: number,
  ): void;
  /** to += from. */
  addInto(to: number, from: number, count: number): void;
  /** Index of the first NaN or infinity, or −1. */
  findNonFinite(values: number, count: number): number;
  /** Dropout masks (rows, width): `scale` with probability `keep`, else 0. `work`: 64 bytes. */
  dropoutMask(
    out: number,
    work: number,
    rows: number,
    width: number,
    firstBatchRow: number,
    keyLow: number,
    keyHigh: number,
    step: number,
    layer: number,
    stream: number,
    keep: number,
    scale: number,
  ): void;
}

/** All kernels of one memory. */
export type Kernels = RowKernels &
  GridKernels &
  MagnitudeKernels &
  OptimizerKernels &
  BatchKernels &
  LookupKernels &
  RowLossKernels;

/** Bytes of the work area that `bind` takes. */
export function workBytes(dim: number): number {
  // Codes and both moments of a row in whole vectors, noise in whole sets of four blocks.
  return 4 * (3 * Math.ceil(dim / 4) * 4 + Math.ceil(dim / 16) * 16);
}
