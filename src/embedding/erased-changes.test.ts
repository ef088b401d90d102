// Which changes deterministic rounding would erase, as remark 1 of the ALPT paper has it: those below half a step.
import { expect, it } from 'vitest';
import { smallTable } from '../../test/small-table.js';
import { adam, adamDefaults } from '../optimizers/adam.js';
import type { ErasedChanges } from './erased-changes.js';
import { type Rounding, Table } from './table.js';

const STEP = 0.25;
/** The first step for which changes are counted. */
const SAMPLED = 8;

/** Rows of three codes of 4 bits, all 0, as a method with that step per table or per row has them. */
function zeroTable(hasRowStep: boolean): Table {
  const storage = { bits: 4, tableStep: STEP, hasRowStep } as const;
  const optimizer = adam.create(adamDefaults);
  const memory = smallTable({ dim: 3, offsets: [0, 4], storage, optimizer, deviation: 1e-9 });
  const table = new Table(memory, 0);
  table.touch(Uint32Array.of(0, 1, 2, 3));
  return table;
}

/** Changes of rows 1 and 2, in steps. */
function erased(
  table: Table,
  offsets: number[],
  step = SAMPLED,
  rounding: Rounding = 'stochastic',
): ErasedChanges {
  const change = Float32Array.from(offsets, (offset) => offset * STEP);
  table.writeCodes(Uint32Array.of(1, 2), change, Float32Array.of(STEP, STEP), step, rounding);
  return table.takeErased();
}

it('are those from −½ to just below ½ of a step, whatever the rounding of the run; no change is none', () => {
  const offsets = [0, -0.5, 0.49, 0.5, -0.51, 0];
  for (const rounding of ['stochastic', 'deterministic'] as const) {
    expect(erased(zeroTable(false), offsets, SAMPLED, rounding)).toEqual({ changes: 4, erased: 2 });
  }
});

it('are counted against the grid of the new step', () => {
  const table = zeroTable(true);
  const rows = Uint32Array.of(1, 2);
  table.writeCodes(rows, new Float32Array(6).fill(4 * STEP), Float32Array.of(STEP, STEP), 1, 'deterministic');
  // Code 4. At half the step it is code 8, above the highest, 7; at 0.8 steps it is 5, and 0.4 old steps are half a step.
  const change = new Float32Array(6).fill(-0.3 * STEP);
  table.writeCodes(rows, change, Float32Array.of(STEP, 0.8 * STEP), SAMPLED, 'stochastic');
  expect(table.takeErased()).toEqual({ changes: 6, erased: 3 });
});

it('a change against the limit of the grid counts as erased', () => {
  const table = zeroTable(false);
  erased(table, [7, 7, 7, 7, 7, 7], 1);
  expect(erased(table, [3, 0.1, 0, -1, -2, -3])).toEqual({ changes: 5, erased: 2 });
});

it('are counted on one step of sixteen, once', () => {
  const table = zeroTable(false);
  const counted = Array.from({ length: 40 }, (_, i) => erased(table, [0.1, 0, 0, 0, 0, 0], i + 1).changes);
  expect(counted.flatMap((changes, i) => (changes > 0 ? [i + 1] : []))).toEqual([8, 24, 40]);
  expect(table.takeErased()).toEqual({ changes: 0, erased: 0 });
});
