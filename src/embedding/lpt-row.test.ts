// Tables whose rows lie on the grid of their own range: first grids, what an update makes of them, and what it leaves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allRows } from '../../test/local-training.js';
import { smallTable } from '../../test/small-table.js';
import { FULL_BITS } from '../kernels/header.js';
import { adam, adamDefaults } from '../optimizers/adam.js';
import { type CodeBits, codeBits } from '../quantization/grid.js';
import { gridOfRange, type RowRange, rowRanges, type StepBytes } from '../quantization/row-grid.js';
import type { Storage } from './layout.js';
import { Table } from './table.js';

const ROWS = 30;
const FIRST_STEP = 0.125;

function tableOf(dim: number, storage: Storage): Table {
  const optimizer = adam.create(adamDefaults);
  const memory = smallTable({ dim, offsets: [0, ROWS], storage, optimizer, seed: 5, deviation: 0.01 });
  return new Table(memory, 0);
}

const rangedTable = (range: RowRange, bits: CodeBits, dim: number, stepBytes: StepBytes = 4) =>
  tableOf(dim, { bits, tableStep: FIRST_STEP, hasRowStep: true, range, stepBytes });

/** Values (ROWS, D), steps and biases (ROWS) of all rows. */
function contents(table: Table) {
  const rows = allRows(ROWS);
  const values = new Float32Array(ROWS * table.spec.dim);
  const steps = new Float32Array(ROWS);
  const biases = new Float32Array(ROWS);
  table.read(rows, values);
  table.readSteps(rows, steps);
  table.readBiases(rows, biases);
  return { values, steps, biases };
}

const kinds = rowRanges.flatMap((range) =>
  codeBits.flatMap((bits) => ([4, 2] as const).map((stepBytes) => ({ range, bits, stepBytes }))),
);
const dims = [1, 2, 5, 8];

describe.each(kinds)('$range rows of $bits bits, steps of $stepBytes bytes', ({ range, bits, stepBytes }) => {
  it.each(dims)(
    'begin on the grid of their own initial values, read alike before and after touch, D = %i',
    (dim) => {
      const table = rangedTable(range, bits, dim, stepBytes);
      const lazy = contents(table);
      table.touch(allRows(ROWS));
      expect(contents(table)).toEqual(lazy);

      const drawn = contents(tableOf(dim, { bits: FULL_BITS, tableStep: 1, hasRowStep: false })).values;
      for (let row = 0; row < ROWS; row++) {
        const initial = drawn.subarray(row * dim, (row + 1) * dim);
        const expected = gridOfRange(range, initial, bits, { step: FIRST_STEP, bias: 0 }, stepBytes);
        expect([lazy.steps[row], lazy.biases[row]]).toEqual([expected.step, expected.bias]);
        for (let j = 0; j < dim; j++) {
          const error = Math.abs(lazy.values[row * dim + j] - initial[j]);
          expect(error).toBeLessThanOrEqual(expected.step / 2 + 1e-8);
        }
      }
    },
  );

  it('move to the grid of the new range, each value to one of its two neighbours there', () => {
    const moves = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), {
      minLength: 5 * ROWS,
      maxLength: 5 * ROWS,
    });
    fc.assert(
      fc.property(
        moves,
        fc.constantFrom('stochastic' as const, 'deterministic' as const),
        (list, rounding) => {
          const table = rangedTable(range, bits, 5, stepBytes);
          table.touch(allRows(ROWS));
          const before = contents(table);
          const change = Float32Array.from(list);
          table.writeCodes(allRows(ROWS), change, null, 3, rounding);
          const after = contents(table);
          const values = before.values.map((value, i) => value + change[i]);
          for (let row = 0; row < ROWS; row++) {
            if (change.subarray(row * 5, row * 5 + 5).every((move) => move === 0)) continue;
            const present = { step: before.steps[row], bias: before.biases[row] };
            const its = values.subarray(row * 5, row * 5 + 5);
            const expected = gridOfRange(range, its, bits, present, stepBytes);
            expect([after.steps[row], after.biases[row]]).toEqual([expected.step, expected.bias]);
            // Beside the rounding to the grid: fp32, of values up to 3 in a few operations.
            const most = expected.step * (rounding === 'stochastic' ? 1 : 0.5) + 3e-6;
            for (let i = row * 5; i < row * 5 + 5; i++) {
              expect(Math.abs(after.values[i] - values[i])).toBeLessThanOrEqual(most);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('stay in every bit where they do not change, though neighbours do', () => {
    const table = rangedTable(range, bits, 5, stepBytes);
    table.touch(allRows(ROWS));
    const before = contents(table);
    for (let step = 1; step <= 20; step++) {
      const change = Float32Array.from(
        { length: 5 * ROWS },
        (_, i) => (Math.floor(i / 5) % 2) * Math.sin(i * step),
      );
      table.writeCodes(allRows(ROWS), change, null, step, 'stochastic');
    }
    const after = contents(table);
    for (let row = 0; row < ROWS; row++) {
      const part = ({ values, steps, biases }: typeof after) => [
        ...values.subarray(row * 5, row * 5 + 5),
        steps[row],
        biases[row],
      ];
      if (row % 2 === 0) expect(part(after)).toEqual(part(before));
      else expect(part(after)).not.toEqual(part(before));
    }
  });

  it('that become all zero keep their step, and go on from there', () => {
    const table = rangedTable(range, bits, 5, stepBytes);
    table.touch(allRows(ROWS));
    const before = contents(table);
    const minus = before.values.map((value) => -value);
    table.writeCodes(allRows(ROWS), minus, null, 1, 'deterministic');
    const zero = contents(table);
    expect(zero.values.every((value) => value === 0)).toBe(true);
    expect(zero.steps).toEqual(before.steps);
    const ups = new Float32Array(5 * ROWS).map((_, i) => (i % 5) - 1);
    table.writeCodes(allRows(ROWS), ups, null, 2, 'deterministic');
    const { step } = gridOfRange(range, [-1, 3], bits, { step: 0, bias: 0 }, stepBytes);
    expect(new Set(contents(table).steps)).toEqual(new Set([step]));
  });

  it('are right on average', () => {
    // A row's ends are on its grid; in between, the value goes to one of two codes.
    const table = rangedTable(range, bits, 5, stepBytes);
    const rows = allRows(ROWS);
    table.touch(rows);
    const draws = 400;
    let sum = 0;
    let step = 0;
    for (let t = 1; t <= draws; t++) {
      const { values } = contents(table);
      const target = [1, -1, 0.3, 0.3, 0.3];
      table.writeCodes(
        rows,
        values.map((value, i) => target[i % 5] - value),
        null,
        t,
        'stochastic',
      );
      const { values: rounded, steps } = contents(table);
      step = steps[0];
      for (const [i, value] of rounded.entries()) if (i % 5 >= 2) sum += value - 0.3;
    }
    const n = draws * ROWS * 3;
    // Five standard deviations: one draw's is at most half a step. Beside them, fp32.
    expect(Math.abs(sum / n)).toBeLessThan((5 * 0.5 * step) / Math.sqrt(n) + 1e-6);
    expect(step).toBe(gridOfRange(range, [-1, 1], bits, { step: 0, bias: 0 }, stepBytes).step);
  });
});

it('an affine row of one value holds it exactly', () => {
  const table = rangedTable('affine', 2, 1);
  const rows = allRows(ROWS);
  const expected = new Float32Array(ROWS);
  table.touch(rows);
  table.read(rows, expected);
  for (let t = 1; t < 10; t++) {
    const change = expected.map((_, i) => 0.01 * Math.sin(i + t));
    table.writeCodes(rows, change, null, t, 'stochastic');
    for (let i = 0; i < ROWS; i++) expected[i] = Math.fround(expected[i] + change[i]);
    expect(contents(table).values).toEqual(expected);
  }
});

it('an affine row of one value in halves holds it to a part of a half', () => {
  const table = rangedTable('affine', 8, 1, 2);
  const rows = allRows(ROWS);
  const values = new Float32Array(ROWS);
  table.touch(rows);
  table.read(rows, values);
  const change = values.map((value) => 1 / 3 - value);
  table.writeCodes(rows, change, null, 1, 'stochastic');
  // Halves lie 2^−12 apart there, and 255 steps span that.
  for (const value of contents(table).values) expect(Math.abs(value - 1 / 3)).toBeLessThan(2 ** -12 / 200);
});
