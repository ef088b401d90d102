// A table as one thread sees it: its rows are reached only through here. Row lists may cross shards and are split
// into chunks; every array is (rows.length, D) or (rows.length). Rows are lazy: one never written costs no write
// and reads as what the generator gives.

import { type Kernels, MAGNITUDE_DIGITS } from '../kernels/kernels.js';
import { wasmKernels } from '../kernels/load.js';
import type { SharedMemory } from '../kernels/shared-memory.js';
import type { Optimizer, StateAddress, UpdateSettings } from '../optimizers/optimizer.js';
import type { StoredBits } from '../quantization/grid.js';
import { Stream } from '../random/streams.js';
import { Chunks, copyIn, copyOut, type Place } from './chunks.js';
import { countsErased, type ErasedChanges } from './erased-changes.js';
import { isQuantized } from './layout.js';
import type { RowValues } from './row-values.js';
import { CHUNK_ROWS, type TableSpec, tableRows } from './shard.js';
import type { TableMemory } from './table-memory.js';
import { applyView } from './view.js';

/** How a row's values become codes: at random by their distance, or half up. */
export type Rounding = 'stochastic' | 'deterministic';

/** Rows that are counted at a time: of a width up to 1,024, no count passes 32 bits. */
const RUN_ROWS = 2 ** 20;

/**
 * One thread's access to a table. The rows of a list are distinct, and fastest when ascending; no two threads may
 * update the same row at a time.
 */
export class Table implements RowValues {
  readonly spec: TableSpec;
  readonly rows: number;
  /** The numbers that belong to the table as a whole, by the method's `storage.parameters`. */
  readonly parameters: Float32Array;
  /** Rows dequantized so far by this thread: work that tests count. */
  rowsRead = 0;
  private readonly erased: ErasedChanges = { changes: 0, erased: 0 };
  private readonly chunks: Chunks;

  /** @param createKernels the kernels of a memory; the reference ones make a slow oracle of the whole table */
  constructor(
    shared: TableMemory,
    thread: number,
    createKernels: (memory: SharedMemory) => Kernels = wasmKernels,
  ) {
    this.spec = shared.spec;
    this.rows = tableRows(shared.spec);
    this.parameters = new Float32Array(shared.parameters);
    this.chunks = new Chunks(shared, thread, createKernels);
  }

  get dim(): number {
    return this.spec.dim;
  }

  /** This thread's kernels and scratch area, for work on arrays that are no rows: up to CHUNK_ROWS of width D. */
  get workplace(): Place {
    return this.chunks.first;
  }

  /** Gives every row its initial codes in memory; update methods need it done. */
  touch(rows: Uint32Array): void {
    this.chunks.each(rows, ({ kernels, scratch, count }) => kernels.touchRows(scratch.rows, count));
  }

  /**
   * What the network sees: values (n, D) = step · code (affine rows: from the lowest code up, plus a bias; nested codes:
   * their upper bits), or fp32 values through the method's view.
   */
  read(rows: Uint32Array, values: Float32Array): void {
    const { view, nestedShift } = this.spec.storage;
    this.readBy(nestedShift ? 'readServed' : 'readRows', rows, values);
    if (view) applyView(view, this, rows, values);
  }

  /**
   * What is stored, dequantized: for methods with a view their own fp32 copy, of nested codes the fine values, for others
   * what `read` gives.
   */
  readStored(rows: Uint32Array, values: Float32Array): void {
    this.readBy('readRows', rows, values);
  }

  private readBy(kernel: 'readRows' | 'readServed', rows: Uint32Array, values: Float32Array): void {
    this.rowsRead += rows.length;
    this.chunks.eachInAnyOrder(rows, (chunk) => {
      chunk.kernels.fetchRows(chunk.scratch.rows, chunk.count);
      chunk.kernels[kernel](chunk.scratch.rows, chunk.count, chunk.scratch.blocks[0]);
      copyOut(chunk, chunk.scratch.blocks[0], this.spec.dim, values);
    });
  }

  /** steps (n): of codes (nested ones: of what is served), or of the grid that fp32 values are seen on; 1 where there is neither. */
  readSteps(rows: Uint32Array, steps: Float32Array): void {
    const { view, hasRowStep } = this.spec.storage;
    if (view?.kind === 'grid' && !hasRowStep) {
      steps.fill(this.parameters[0]);
      return;
    }
    this.chunks.each(rows, (chunk) => {
      chunk.kernels.readSteps(chunk.scratch.rows, chunk.count, chunk.scratch.lists[0]);
      copyOut(chunk, chunk.scratch.lists[0], 1, steps);
    });
  }

  /** biases (n), 0 unless rows are affine. */
  readBiases(rows: Uint32Array, biases: Float32Array): void {
    this.chunks.each(rows, (chunk) => {
      chunk.kernels.readBiases(chunk.scratch.rows, chunk.count, chunk.scratch.lists[0]);
      copyOut(chunk, chunk.scratch.lists[0], 1, biases);
    });
  }

  /** The optimizer's step on the rows' values: change (n, D). Moves the optimizer state, not the values. */
  valueChange(
    optimizer: Optimizer,
    settings: UpdateSettings,
    rows: Uint32Array,
    values: Float32Array,
    gradient: Float32Array,
    change: Float32Array,
  ): void {
    this.optimizerChange(optimizer, settings, rows, 'values', values, gradient, change);
  }

  /** The optimizer's step on the rows' steps: change (n). Moves the optimizer state, not the steps. */
  stepChange(
    optimizer: Optimizer,
    settings: UpdateSettings,
    rows: Uint32Array,
    steps: Float32Array,
    dSteps: Float32Array,
    change: Float32Array,
  ): void {
    this.optimizerChange(optimizer, settings, rows, 'step', steps, dSteps, change);
  }

  /**
   * New steps (n) of `rows`, in place, to what the rows can hold: in half precision at random to one of the two neighbours,
   * so that small moves are right on average, or to the nearest. A step that does not move stays. `writeCodes` forms codes
   * with what comes out.
   */
  roundSteps(rows: Uint32Array, steps: Float32Array, trainingStep: number, rounding: Rounding): void {
    if (this.spec.storage.stepBytes !== 2) return;
    const isStochastic = rounding === 'stochastic' ? 1 : 0;
    this.chunks.each(rows, (chunk) => {
      const { scratch, kernels, count } = chunk;
      const [stepsAt] = scratch.lists;
      copyIn(chunk, stepsAt, 1, steps);
      kernels.roundSteps(scratch.rows, count, stepsAt, trainingStep, Stream.stepRounding, isStochastic);
      copyOut(chunk, stepsAt, 1, steps);
    });
  }

  /** fp32 rows += change (n, D). */
  writeValues(rows: Uint32Array, change: Float32Array): void {
    this.chunks.each(rows, (chunk) => {
      copyIn(chunk, chunk.scratch.blocks[0], this.spec.dim, change);
      chunk.kernels.writeValues(chunk.scratch.rows, chunk.count, chunk.scratch.blocks[0]);
    });
  }

  /** The steps of fp32 rows that have one each = steps (n). */
  writeSteps(rows: Uint32Array, steps: Float32Array): void {
    this.chunks.each(rows, (chunk) => {
      copyIn(chunk, chunk.scratch.lists[0], 1, steps);
      chunk.kernels.writeSteps(chunk.scratch.rows, chunk.count, chunk.scratch.lists[0]);
    });
  }

  /** values (n, D) = Q_D(step·code + change, step): what ALPT's second pass sees. */
  forward(rows: Uint32Array, change: Float32Array, values: Float32Array): void {
    this.chunks.each(rows, (chunk) => {
      const [changeAt, valuesAt] = chunk.scratch.blocks;
      copyIn(chunk, changeAt, this.spec.dim, change);
      chunk.kernels.forwardRows(chunk.scratch.rows, chunk.count, changeAt, valuesAt);
      copyOut(chunk, valuesAt, this.spec.dim, values);
    });
  }

  /** dSteps (n) = scale · Σ_j dValues_j · ∂Q_D/∂step (eq. 7); the scale by a row's bits, which hot rows have more of. */
  stepGradient(
    rows: Uint32Array,
    change: Float32Array,
    dValues: Float32Array,
    scaleOf: (bits: StoredBits) => number,
    dSteps: Float32Array,
  ): void {
    this.chunks.each(rows, (chunk) => {
      const { scratch, kernels, section, count } = chunk;
      const scale = isQuantized(section.bits) ? scaleOf(section.bits) : 0;
      const [changeAt, dValuesAt] = scratch.blocks;
      copyIn(chunk, changeAt, this.spec.dim, change);
      copyIn(chunk, dValuesAt, this.spec.dim, dValues);
      kernels.stepGradient(scratch.rows, count, changeAt, dValuesAt, scale, scratch.lists[0]);
      copyOut(chunk, scratch.lists[0], 1, dSteps);
    });
  }

  /**
   * Of nested codes, the gradient (n, D) by what the network sees of them: dSteps (n) = scale · Σ_j gradient_j · ∂/∂step (eq.
   * 7, at the stored codes). With `inside` the gradient is then set to 0 where a stored value is beyond the served grid.
   */
  nestedGradient(
    rows: Uint32Array,
    gradient: Float32Array,
    scale: number,
    inside: boolean,
    dSteps: Float32Array,
  ): void {
    this.chunks.each(rows, (chunk) => {
      const { scratch, kernels, count } = chunk;
      const [gradientAt] = scratch.blocks;
      copyIn(chunk, gradientAt, this.spec.dim, gradient);
      kernels.nestedGradient(scratch.rows, count, gradientAt, scale, inside ? 1 : 0, scratch.lists[0]);
      copyOut(chunk, scratch.lists[0], 1, dSteps);
      if (inside) copyOut(chunk, gradientAt, this.spec.dim, gradient);
    });
  }

  /**
   * Rounds value + change (n, D) to the grid of `newSteps` (n), of the table's step where rows have none, or of the
   * new values' own range where the storage says so; then `newSteps` is null too.
   */
  writeCodes(
    rows: Uint32Array,
    change: Float32Array,
    newSteps: Float32Array | null,
    trainingStep: number,
    rounding: Rounding,
  ): void {
    const isStochastic = rounding === 'stochastic' ? 1 : 0;
    const { range } = this.spec.storage;
    this.chunks.each(rows, (chunk) => {
      const { scratch, kernels, memory, count } = chunk;
      const [changeAt] = scratch.blocks;
      const [stepsAt, biasesAt, countsAt] = scratch.lists;
      copyIn(chunk, changeAt, this.spec.dim, change);
      if (newSteps) copyIn(chunk, stepsAt, 1, newSteps);
      else if (range) kernels.fitRows(scratch.rows, count, changeAt, stepsAt, biasesAt);
      if (countsErased(trainingStep)) {
        const counts = new Uint32Array(memory.buffer, countsAt, 2).fill(0);
        kernels.countErased(scratch.rows, count, changeAt, stepsAt, biasesAt, countsAt);
        this.erased.changes += counts[0];
        this.erased.erased += counts[1];
      }
      kernels.writeCodes(
        scratch.rows,
        count,
        changeAt,
        stepsAt,
        biasesAt,
        trainingStep,
        Stream.rounding,
        isStochastic,
      );
    });
  }

  /** Saturated and zero codes among the written rows first … end − 1. */
  countCodes(first: number, end: number): { saturated: number; zero: number } {
    const total = { saturated: 0, zero: 0 };
    // A chunk at a time: the kernel counts in 32 bits.
    this.chunks.eachRun(first, end, CHUNK_ROWS, ({ kernels, memory, scratch }, row, count) => {
      const counts = new Uint32Array(memory.buffer, scratch.rows, 2).fill(0);
      kernels.countCodes(row, count, scratch.rows);
      total.saturated += counts[0];
      total.zero += counts[1];
    });
    return total;
  }

  /**
   * How many of the stored fp32 values of rows first … end − 1, rows never written included, have a magnitude m
   * (|value|'s bits) with the upper digits m >> shift >> 11 = prefix: by the 11 binary digits above `shift`.
   */
  countMagnitudes(first: number, end: number, shift: number, prefix: number): Float64Array {
    const total = new Float64Array(2 ** MAGNITUDE_DIGITS);
    this.chunks.eachRun(first, end, RUN_ROWS, ({ kernels, memory, scratch }, row, count) => {
      // The three blocks lie together, and have room for 3·1,024 numbers even where D is 1.
      const bins = new Uint32Array(memory.buffer, scratch.blocks[0], total.length).fill(0);
      kernels.countMagnitudes(row, count, shift, prefix, scratch.blocks[0]);
      for (let i = 0; i < bins.length; i++) total[i] += bins[i];
    });
    return total;
  }

  /** Sets the stored fp32 values of rows first … end − 1 with a magnitude below `limit` to zero; writes all those rows. */
  zeroMagnitudes(first: number, end: number, limit: number): void {
    this.chunks.eachRun(first, end, RUN_ROWS, ({ kernels }, row, count) =>
      kernels.zeroMagnitudes(row, count, limit),
    );
  }

  /** What this thread's writes of codes changed in the sampled steps since it was asked last. */
  takeErased(): ErasedChanges {
    const taken = { ...this.erased };
    this.erased.changes = 0;
    this.erased.erased = 0;
    return taken;
  }

  private optimizerChange(
    optimizer: Optimizer,
    settings: UpdateSettings,
    rows: Uint32Array,
    of: StateAddress['of'],
    values: Float32Array,
    gradient: Float32Array,
    change: Float32Array,
  ): void {
    const dim = of === 'values' ? this.spec.dim : 1;
    const state = of === 'values' ? 'stateOffset' : 'stepStateOffset';
    this.chunks.each(rows, (chunk) => {
      const { kernels, section, scratch, count } = chunk;
      const { layout, records, firstRow } = section;
      const [valuesAt, gradientAt, changeAt] = of === 'values' ? scratch.blocks : scratch.lists;
      copyIn(chunk, valuesAt, dim, values);
      copyIn(chunk, gradientAt, dim, gradient);
      const address = { states: records + layout[state], stride: layout.recordBytes, firstRow, of };
      // The first to come to these rows after the network, which has driven them from the caches.
      if (of === 'values') kernels.fetchRows(scratch.rows, count);
      const block = {
        rows: scratch.rows,
        count,
        dim,
        values: valuesAt,
        gradient: gradientAt,
        change: changeAt,
      };
      optimizer.change(kernels, address, block, settings);
      copyOut(chunk, changeAt, dim, change);
    });
  }
}
