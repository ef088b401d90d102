// Stochastic rounding as the table does it: right on average, independent from element to element, and the same
// for a row wherever and with whatever neighbours it is stored.
import { describe, expect, it } from 'vitest';
import { allRows } from '../../test/local-training.js';
import { smallTable } from '../../test/small-table.js';
import { adam, adamDefaults } from '../optimizers/adam.js';
import { type CodeBits, clipStep, codeBits } from '../quantization/grid.js';
import { packCodes } from '../quantization/packing.js';
import { Table } from './table.js';
import { partOf, writeRecords } from './table-records.js';

const ROWS = 4000;
const D = 6;

/** A table of LPT rows, all codes −1. */
async function tableOf(bits: CodeBits): Promise<Table> {
  const storage = { bits, tableStep: Math.fround(clipStep(1, bits)), hasRowStep: false };
  const optimizer = adam.create(adamDefaults);
  const memory = smallTable({ dim: D, offsets: [0, ROWS / 4, ROWS], storage, optimizer });
  const row = new Uint8Array(partOf(memory, 'codes').bytes);
  packCodes(new Array(D).fill(-1), bits, row, 0);
  await writeRecords(memory, Uint32Array.of(0, ROWS), 'codes', async (_, length) =>
    Uint8Array.from({ length }, (_, i) => row[i % row.length]),
  );
  return new Table(memory, 0);
}

/** Moves all values by `share` of a step and returns which went up, (ROWS, D) of 0 and 1. */
function roundAll(table: Table, share: number, trainingStep: number): Float32Array {
  const rows = allRows(ROWS);
  const step = table.spec.storage.tableStep;
  const values = new Float32Array(ROWS * D);
  table.writeCodes(rows, new Float32Array(ROWS * D).fill(share * step), null, trainingStep, 'stochastic');
  table.read(rows, values);
  return values.map((value) => Math.round(value / step) + 1);
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - mx) * (y[i] - my)));
  return covariance / Math.sqrt(mean(x.map((v) => (v - mx) ** 2)) * mean(y.map((v) => (v - my) ** 2)));
}

describe.each(codeBits)('at %i bits', (bits) => {
  it.each([0.03, 0.25, 0.5, 0.9])('goes up with probability %d', async (share) => {
    const ups = roundAll(await tableOf(bits), share, 1);
    expect(ups.every((up) => up === 0 || up === 1)).toBe(true);
    const mean = ups.reduce((sum, up) => sum + up, 0) / ups.length;
    // Five standard deviations of the mean: one failure in 1.7 million.
    expect(Math.abs(mean - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / ups.length));
  });

  it('draws independently for the elements of a row, for rows and for steps', async () => {
    const first = roundAll(await tableOf(bits), 0.5, 1);
    const second = roundAll(await tableOf(bits), 0.5, 2);
    const column = (ups: Float32Array, j: number) =>
      Array.from({ length: ROWS }, (_, row) => ups[row * D + j]);
    const bound = 5 / Math.sqrt(ROWS);
    for (let j = 1; j < D; j++) {
      expect(Math.abs(correlation(column(first, j - 1), column(first, j)))).toBeLessThan(bound);
    }
    const shifted = [...column(first, 0).slice(1), first[0]];
    expect(Math.abs(correlation(column(first, 0), shifted))).toBeLessThan(bound);
    expect(Math.abs(correlation(column(first, 0), column(second, 0)))).toBeLessThan(bound);
  });

  it('draws by vocabulary and id: rounding some rows alone gives what rounding all gives', async () => {
    const all = roundAll(await tableOf(bits), 0.5, 9);
    const table = await tableOf(bits);
    const some = Uint32Array.of(3, 999, 1000, 2718);
    const step = table.spec.storage.tableStep;
    table.writeCodes(some, new Float32Array(4 * D).fill(0.5 * step), null, 9, 'stochastic');
    const values = new Float32Array(4 * D);
    table.read(some, values);
    for (const [i, row] of some.entries()) {
      const found = Array.from(values.subarray(i * D, (i + 1) * D), (value) => Math.round(value / step) + 1);
      expect(found).toEqual(Array.from(all.subarray(row * D, (row + 1) * D)));
    }
  });
});
