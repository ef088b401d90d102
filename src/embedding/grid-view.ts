// The view of LSQ and PACT: fp32 rows are seen on a grid (eq. 6 of the ALPT paper), value = step · R_D(w/step limited to
// the grid). The step is the table's, `parameters[0]`, or each row's own. Beside the view, what training needs of it: the
// gradient by the step and the straight-through gradient by w. How a step moves is learned-step.ts's business.
import type { CodeBits, Grid } from '../quantization/grid.js';
import type { GridSlope } from '../quantization/master-value.js';
import type { Block } from './method.js';
import { CHUNK_ROWS } from './shard.js';
import type { Table } from './table.js';

/** Codes lowest … highest, which fit M bits. */
export interface GridView extends Grid {
  readonly kind: 'grid';
  readonly bits: CodeBits;
}

/** values (n, D): stored values of `rows` in, step · code out. */
export function viewOnGrid(view: GridView, table: Table, rows: Uint32Array, values: Float32Array): void {
  const { lowest, highest } = view;
  const { dim } = table.spec;
  const { kernels, memory, scratch } = table.workplace;
  const [valuesAt] = scratch.blocks;
  // readSteps works in the first list.
  const [, stepsAt] = scratch.lists;
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const some = rows.subarray(from, from + CHUNK_ROWS);
    const part = values.subarray(from * dim, (from + some.length) * dim);
    const steps = new Float32Array(memory.buffer, stepsAt, some.length);
    const work = new Float32Array(memory.buffer, valuesAt, part.length);
    table.readSteps(some, steps);
    work.set(part);
    kernels.roundToGrid(valuesAt, stepsAt, some.length, dim, lowest, highest);
    part.set(work);
  }
}

/** Has the network see the rows of all blocks on the grid; w itself is kept in `change`, where its own will be. */
export function seeOnGrid(view: GridView, table: Table, blocks: Iterable<Block>): void {
  for (const { rows, values, change } of blocks) {
    table.touch(rows);
    table.readStored(rows, change);
    values.set(change);
    viewOnGrid(view, table, rows, values);
  }
}

/**
 * From the gradient by what is seen of `values` (n, D), the stored ones: dSteps (n) = scale · Σ_j gradient_j · slope_j,
 * and the straight-through gradient by the values, in place: 0 outside the grid.
 */
export function gridGradient(
  view: GridView,
  table: Table,
  slope: GridSlope,
  scale: number,
  rows: Uint32Array,
  values: Float32Array,
  gradient: Float32Array,
  dSteps: Float32Array,
): void {
  const { lowest, highest } = view;
  const { dim } = table.spec;
  const { kernels, memory, scratch } = table.workplace;
  const [valuesAt, gradientAt] = scratch.blocks;
  const [, stepsAt, dStepsAt] = scratch.lists;
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const some = rows.subarray(from, from + CHUNK_ROWS);
    const count = some.length;
    const part = gradient.subarray(from * dim, (from + count) * dim);
    const work = new Float32Array(memory.buffer, gradientAt, part.length);
    table.readSteps(some, new Float32Array(memory.buffer, stepsAt, count));
    new Float32Array(memory.buffer, valuesAt, part.length).set(
      values.subarray(from * dim, (from + count) * dim),
    );
    work.set(part);
    const { atLowest, atHighest, inside } = slope;
    kernels.gridGradient(
      valuesAt,
      stepsAt,
      count,
      dim,
      lowest,
      highest,
      atLowest,
      atHighest,
      inside,
      scale,
      gradientAt,
      dStepsAt,
    );
    part.set(work);
    dSteps.set(new Float32Array(memory.buffer, dStepsAt, count), from);
  }
}
