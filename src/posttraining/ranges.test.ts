// The ranges of the paper's quantizers against plain numpy (scripts/goldens/posttraining_ranges.py), and what the searches
// promise about theirs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quantizeRows } from '../../test/quantized-rows.js';
import { type AffineGrid, type Range, type RangeLoss, rangeGrid, rangeLoss, rowLoss } from './affine-row.js';
import { Histogram } from './histogram.js';
import type { AffineBlock, QuantizedBits, Side } from './quantizer.js';
import { type QuantizerName, quantizerNames, quantizers } from './registry.js';

interface GoldenRow {
  values: number[];
  ranges: Partial<Record<QuantizerName, Partial<Record<QuantizedBits, [number, number]>>>>;
}
const file = new URL('../../../test/goldens/posttraining-ranges.json', import.meta.url);
const { rows } = JSON.parse(readFileSync(file, 'utf8')) as { rows: GoldenRow[] };

async function affineRow(name: QuantizerName, row: readonly number[], bits: QuantizedBits, side: Side) {
  const settings = { dim: row.length, bits, side };
  const { block } = await quantizeRows(quantizers[name], Float32Array.from(row), settings);
  return block as AffineBlock;
}

describe('the ranges that numpy finds', () => {
  // Fp32 all the way, or float64 rounded to fp32 once or twice.
  it.each([
    ['gss', 0],
    ['greedy-paper', 0],
    ['aciq', 2 ** -22],
    ['hist-approx', 2 ** -22],
    ['hist-brute', 2 ** -22],
  ] as const)('are those of %s', async (name, tolerance) => {
    let compared = 0;
    for (const { values, ranges } of rows) {
      for (const bits of quantizers[name].bits) {
        const found = ranges[name]?.[bits];
        // One search is too slow in numpy for all rows.
        if (found === undefined) continue;
        const [least, most] = found;
        const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
        rangeGrid({ least, most }, bits, 'fp32', grid);
        const { scales, biases } = await affineRow(name, values, bits, 'fp32');
        const allowed = tolerance * Math.max(Math.abs(least), Math.abs(most));
        expect(Math.abs(scales[0] - grid.scale), `${bits} bits: ${values}`).toBeLessThanOrEqual(allowed);
        expect(Math.abs(biases[0] - grid.bias), `${bits} bits: ${values}`).toBeLessThanOrEqual(allowed);
        compared++;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(24);
  });

  it('are not all the whole one', () => {
    const whole = ({ values }: GoldenRow) => [Math.min(...values), Math.max(...values)].join();
    for (const name of ['greedy-paper', 'aciq', 'hist-approx', 'hist-brute'] as const) {
      expect(rows.filter((row) => row.ranges[name]?.[2]?.join() !== whole(row)).length).toBeGreaterThan(5);
    }
  });
});

describe('the greedy searches', () => {
  // On both, choose_qparams_optimized of torch 2.15 runs forever.
  it.each([
    ['is too small for the end that would move', Array.from({ length: 16 }, (_, i) => 1000 + i / 16000)],
    ['underflows', [0, 0, 2 ** -149, 0]],
  ])('come back where a bin %s', async (_, row) => {
    for (const name of ['greedy-torch', 'greedy-paper', 'greedy'] as const) {
      for (const side of ['fp32', 'fp16'] as const) {
        const { scales, biases } = await affineRow(name, row, 4, side);
        const minMax = await affineRow('minmax', row, 4, side);
        expect([...scales, ...biases], `${name}, ${side}`).toEqual([...minMax.scales, ...minMax.biases]);
      }
    }
  });

  it('give back the whole range by PyTorch’s rule where the loss falls to the limit, but not by ours', async () => {
    // Two far ends, the rest between two codes of 2 bits.
    const row = [-1, 1, ...Array.from({ length: 62 }, (_, i) => 0.15 * Math.sin(i))];
    const bits = 2;
    const minMax = await affineRow('minmax', row, bits, 'fp32');
    const torch = await affineRow('greedy-torch', row, bits, 'fp32');
    const best = await affineRow('greedy', row, bits, 'fp32');
    expect([torch.scales[0], torch.biases[0]]).toEqual([minMax.scales[0], minMax.biases[0]]);
    expect(best.scales[0]).toBeLessThan(0.8 * minMax.scales[0]);
  });

  it('take the best of all ranges on the way to a tenth, where the loss rises on it too', async () => {
    for (const dim of [8, 16, 64]) {
      for (let seed = 1; seed <= 5; seed++) {
        const row = Float32Array.from(
          { length: dim },
          (_, i) => Math.sin(seed * i * i) + (i % 7 === 0 ? 1 : 0),
        );
        for (const bits of [2, 4] as const) {
          const loss = rangeLoss({ dim, bits, side: 'fp32' });
          const { scales, biases } = await affineRow('greedy', [...row], bits, 'fp32');
          const found = rowLoss(row, 0, dim, gridOf(scales[0], biases[0]), 2 ** bits - 1);
          expect(found, `${dim}, ${seed}, ${bits} bits`).toBe(leastOnTheWay(row, loss));
        }
      }
    }
  });
});

const gridOf = (scale: number, bias: number): AffineGrid => ({
  scale,
  bias,
  inverse: Math.fround(1 / scale),
});

/** The least loss on the greedy way from the whole range of a row to a tenth of it. */
function leastOnTheWay(row: Float32Array, loss: RangeLoss): number {
  const range: Range = { least: Math.min(...row), most: Math.max(...row) };
  const step = Math.fround(Math.fround(range.most - range.least) / 200);
  let least = loss(row, 0, range);
  for (let bin = 0; bin < 180; bin++) {
    const above = { least: Math.fround(range.least + step), most: range.most };
    const below = { least: range.least, most: Math.fround(range.most - step) };
    Object.assign(range, loss(row, 0, above) < loss(row, 0, below) ? above : below);
    least = Math.min(least, loss(row, 0, range));
  }
  return least;
}

it('a histogram of all values at the ends of the range loses what its bins are wide', () => {
  // A bin of 1 and 2^M cells of 50 bins: values spread over half a cell's distance from its middle.
  const histogram = new Histogram(2);
  const row = Float32Array.of(0, 200, 0, 200);
  expect(histogram.count(row, 0, 4, { least: 0, most: 200 })).toBe(true);
  const losses = new Float64Array(1);
  histogram.losses(200, losses);
  // Each bin lies 24 … 25 from the middle of its cell: (25³ − 24³) / 3.
  expect(losses[0]).toBeCloseTo((4 * (25 ** 3 - 24 ** 3)) / 3, 6);
});

it('quantizers of a threshold or a window give constant rows their value', async () => {
  for (const name of quantizerNames) {
    for (const bits of quantizers[name].bits) {
      const { values } = await quantizeRows(quantizers[name], new Float32Array(6).fill(0.3), {
        dim: 6,
        bits,
        side: 'fp32',
      });
      for (const value of values) expect(value).toBeCloseTo(0.3, 6);
    }
  }
});

it('counts a loss as nothing whose square fp32 has few digits of', () => {
  const loss = rangeLoss({ dim: 2, bits: 2, side: 'fp32' });
  // The second value is halfway between two codes.
  const lost = (size: number) => loss(Float32Array.of(0, 3 * size), 0, { least: 0, most: 6 * size });
  expect(lost(2 ** -40)).toBe(2 ** -40);
  expect(lost(2 ** -52)).toBe(0);
});

describe('the grid of a range', () => {
  const gridFor = (least: number, most: number, side: Side) => {
    const grid: AffineGrid = { scale: 0, bias: 0, inverse: 0 };
    rangeGrid({ least, most }, 4, side, grid);
    return grid;
  };

  it('has a scale of 1 where fp32 has no reciprocal of a smaller one, or fp16 no such scale', () => {
    expect(gridFor(0, 1e-39, 'fp32')).toEqual({ scale: 1, bias: 0, inverse: 1 });
    expect(gridFor(0, 4e-7, 'fp16')).toEqual({ scale: 1, bias: 0, inverse: 1 });
    expect(gridFor(0, 5e-7, 'fp16')).toEqual({ scale: 2 ** -24, bias: 0, inverse: 2 ** 24 });
  });

  it('has the sign of the first of two zeros that are the least', async () => {
    for (const [row, bias] of [
      [[1, -0, 0], -0],
      [[1, 0, -0], 0],
    ] as const) {
      expect((await affineRow('minmax', row, 4, 'fp16')).biases[0]).toBe(bias);
    }
  });
});
