// The ranges of the paper's quantizers against plain numpy (scripts/goldens/posttraining_ranges.py), and what the searches
// promise about theirs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quantizeRows } from '../../test/quantized-rows.js';
import { type AffineGrid, type Range, rangeGrid, rangeLoss } from './affine-row.js';
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
    ['greedy-paper', 0],
    ['aciq', 2 ** -22],
    ['hist-approx', 2 ** -22],
    ['hist-brute', 2 ** -22],
  ] as const)('are those of %s', async (name, tolerance) => {
    let compared = 0;
    for (const { values, ranges } of rows) {
      for (const bits of quantizers[name].bits) {
        const [least, most] = ranges[name]?.[bits] ?? [Number.NaN, Number.NaN];
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

  it('of 200 bins take the best of all ranges on the way, where trying on would change nothing', async () => {
    const row = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i) + (i % 7 === 0 ? 2 : 0));
    for (const bits of [2, 4] as const) {
      const loss = rangeLoss({ dim: 64, bits, side: 'fp16' });
      const range: Range = { least: Math.min(...row), most: Math.max(...row) };
      const step = Math.fround(Math.fround(range.most - range.least) / 200);
      let best = loss(row, 0, range);
      for (let bin = 0; bin < 180; bin++) {
        const above = { least: Math.fround(range.least + step), most: range.most };
        const below = { least: range.least, most: Math.fround(range.most - step) };
        Object.assign(range, loss(row, 0, above) < loss(row, 0, below) ? above : below);
        best = Math.min(best, loss(row, 0, range));
      }
      const { scales, biases } = await affineRow('greedy', [...row], bits, 'fp16');
      const scale = scales[0];
      const found = { least: biases[0], most: Math.fround(biases[0] + scale * (2 ** bits - 1)) };
      // Scale and bias are halves: the range that they are the grid of has the same ones.
      expect(loss(row, 0, found)).toBe(best);
    }
  });
});

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
