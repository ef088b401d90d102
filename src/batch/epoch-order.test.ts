import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox } from '../random/philox.js';
import { type EpochOrder, rowOrder, windowsOf } from './epoch-order.js';

/** All rows of an epoch, as numbers of the file. */
function epochRows(
  rows: number,
  groupRows: number,
  perWindow: number,
  order: EpochOrder | 'stored',
): number[] {
  return windowsOf(rows, groupRows, perWindow, order).flatMap((window) => {
    const places = window.ranges.flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, i) => first + i),
    );
    const visit = new Uint32Array(window.rows);
    rowOrder(window, order, visit);
    return [...visit].map((place) => places[place]);
  });
}

const layout = fc.tuple(
  fc.integer({ min: 0, max: 400 }),
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 5 }),
);
const order = fc.record({ seed: fc.maxSafeNat(), epoch: fc.nat(1000) });

describe('epoch order', () => {
  it('visits every row once', () => {
    fc.assert(
      fc.property(layout, order, ([rows, groupRows, perWindow], order) => {
        const visited = epochRows(rows, groupRows, perWindow, order);
        expect([...visited].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
      }),
    );
  });

  it('leaves stored order alone', () => {
    fc.assert(
      fc.property(layout, ([rows, groupRows, perWindow]) => {
        expect(epochRows(rows, groupRows, perWindow, 'stored')).toEqual(
          Array.from({ length: rows }, (_, row) => row),
        );
      }),
    );
  });

  it('draws from the counter that the banner states', () => {
    // Two row groups are one swap: with the first word even, place 1 swaps with place 0.
    for (const epoch of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const words = new Uint32Array(4);
      philox(words, 0, 9, 1, epoch, 0, 0, 3 << 16);
      const firstRow = windowsOf(2, 1, 1, { seed: 2 ** 32 + 9, epoch })[0].ranges[0].first;
      expect(firstRow).toBe(words[0] % 2 === 0 ? 1 : 0);
    }
  });

  it('differs between epochs, seeds and windows', () => {
    const orders = [
      epochRows(1000, 100, 10, { seed: 1, epoch: 0 }),
      epochRows(1000, 100, 10, { seed: 1, epoch: 1 }),
      epochRows(1000, 100, 10, { seed: 2, epoch: 0 }),
      epochRows(1000, 100, 10, { seed: 2 ** 32 + 1, epoch: 0 }),
    ].map(String);
    expect(new Set(orders).size).toBe(4);
    const [first, second] = windowsOf(200, 100, 1, { seed: 1, epoch: 0 });
    const [a, b] = [new Uint32Array(100), new Uint32Array(100)];
    rowOrder(first, { seed: 1, epoch: 0 }, a);
    rowOrder(second, { seed: 1, epoch: 0 }, b);
    expect([...a]).not.toEqual([...b]);
  });

  it('gives every permutation equally often', () => {
    // 6 orders of 3 row groups over 6,000 epochs: each count is 1,000 ± 5 standard deviations (of 28.9).
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const key = windowsOf(3, 1, 1, { seed: 4, epoch })
        .map(({ ranges }) => ranges[0].first)
        .join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
  });
});
