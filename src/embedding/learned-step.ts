// A grid that is learned beside fp32 rows: one step for the whole table, in `table.parameters`, or one per row, in its
// record, each with the state of its optimizer behind it. What is learned may be a multiple of the step (PACT's clip).
import type { Optimizer, UpdateSettings } from '../optimizers/optimizer.js';
import { type CodeBits, type Grid, grid } from '../quantization/grid.js';
import { packedBytes } from '../quantization/packing.js';
import type { GridView } from './grid-view.js';
import type { Storage } from './layout.js';
import type { Block } from './method.js';
import type { Table } from './table.js';

/** Whose a step is. */
export const granularities = ['table', 'row'] as const;
export type Granularity = (typeof granularities)[number];

/** A grid before its first step. */
export interface LearnedStep {
  granularity: Granularity;
  bits: CodeBits;
  limits: Grid;
  /** What is learned is this many steps. */
  unit: number;
  /** Of what is learned. */
  first: number;
  floor: number;
  optimizer: Optimizer;
}

/** What a method with fp32 rows on a learned grid stores, and what of a row is served. */
export function gridStorage(
  { granularity, bits, limits, unit, first, floor, optimizer }: LearnedStep,
  dim: number,
): { storage: Storage & { view: GridView }; stepFloor: number; servedRowBytes: number } {
  const hasRowStep = granularity === 'row';
  const tableStep = Math.fround(first / unit);
  const state: number[] = new Array(Math.ceil(optimizer.stateBytes(1) / 4)).fill(0);
  return {
    storage: {
      bits: 32,
      tableStep,
      hasRowStep,
      view: { kind: 'grid', bits, ...limits },
      ...(hasRowStep ? {} : { parameters: [tableStep, ...state] }),
    },
    stepFloor: Math.fround(floor / unit),
    servedRowBytes: packedBytes(dim, bits) + (hasRowStep ? 4 : 0),
  };
}

/** Codes −q … q: a grid that ends at the same distance on both sides. */
export function symmetricGrid(bits: CodeBits): Grid {
  const { highest } = grid(bits);
  return { lowest: -highest, highest };
}

/** Moves the steps of a block's rows by its `dSteps`, the gradient by what is learned. */
export function moveRowSteps(
  table: Table,
  { unit, optimizer }: LearnedStep,
  stepFloor: number,
  settings: UpdateSettings,
  { rows, steps, dSteps, newSteps }: Block,
): void {
  table.readSteps(rows, steps);
  for (let i = 0; i < rows.length; i++) steps[i] *= unit;
  table.stepChange(optimizer, settings, rows, steps, dSteps, newSteps);
  // The step as stored, not steps/unit: a change of 0 leaves it in every bit.
  table.readSteps(rows, steps);
  for (let i = 0; i < rows.length; i++) {
    newSteps[i] = Math.max(stepFloor, steps[i] + Math.fround(newSteps[i] / unit));
  }
  table.writeSteps(rows, newSteps);
}

/** Moves the table's step by the gradient by what is learned. On one thread, while no other reads the table. */
export function moveTableStep(
  table: Table,
  { unit, optimizer }: LearnedStep,
  stepFloor: number,
  settings: UpdateSettings,
  gradient: number,
): void {
  const { kernels, memory, scratch } = table.workplace;
  const { parameters } = table;
  const [values, gradientAt, change] = scratch.lists;
  const [states] = scratch.blocks;
  const float = (address: number, count = 1) => new Float32Array(memory.buffer, address, count);
  // The kernel of rows, on a table of one row.
  new Uint32Array(memory.buffer, scratch.rows, 1)[0] = 0;
  const state = float(states, parameters.length - 1);
  float(values)[0] = unit * parameters[0];
  float(gradientAt)[0] = gradient;
  state.set(parameters.subarray(1));
  const block = { rows: scratch.rows, count: 1, dim: 1, values, gradient: gradientAt, change };
  optimizer.change(kernels, { states, stride: 0, firstRow: 0, of: 'step' }, block, settings);
  parameters.set(state, 1);
  parameters[0] = Math.max(stepFloor, parameters[0] + Math.fround(float(change)[0] / unit));
}

/** Σ over a batch's rows, in their order, in float64. */
export function sumOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
