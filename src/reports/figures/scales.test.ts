import { describe, expect, it } from 'vitest';
import { bands } from './bands.js';
import { lowestShown } from './below-frame.js';
import { differenceScale } from './difference-scale.js';
import { logTicks } from './log-ticks.js';
import { shortened } from './panels.js';

describe('differenceScale', () => {
  it('is linear until one difference lies ten times as far out as the median', () => {
    expect(differenceScale([0.001, -0.002, 0.008], []).isLogarithmic).toBe(false);
    const far = differenceScale([0.001, -0.002, 0.03], [-0.0025, 0.031]);
    expect(far.isLogarithmic).toBe(true);
    expect(far.ticks).toEqual([-0.003, -0.001, 0, 0.001, 0.003, 0.01, 0.03]);
    expect(far.options.domain).toEqual([-0.0025 * 1.3, 0.031 * 1.3]);
  });

  it('has as many decimals as its ticks need', () => {
    // From −0.0053 to 0.0003 in about five: a tick every 0.001.
    const format = differenceScale([-0.005, -0.002], [], 5).options.tickFormat as (value: number) => string;
    expect([-0.005, 0, 0.001].map(format)).toEqual(['−0.005', '0', '+0.001']);
    const fine = differenceScale([0.00023], [], 5).options.tickFormat as (value: number) => string;
    expect(fine(0.00005)).toBe('+0.00005');
  });

  it('is not led astray by equal variants', () => {
    expect(differenceScale([0, 0, 1e-17], []).isLogarithmic).toBe(false);
    expect(differenceScale([], []).isLogarithmic).toBe(false);
    expect(differenceScale([0, 0, 0.001, 0.03], []).isLogarithmic).toBe(true);
  });
});

describe('lowestShown', () => {
  it('leaves out what lies far below, a quarter of all at most', () => {
    expect(lowestShown([0.74, 0.741, 0.71, 0.739, 0.738])).toBe(0.738);
    expect(lowestShown([0.74, 0.73, 0.72, 0.71])).toBe(0.71);
    expect(lowestShown([0.74, 0.6])).toBe(0.6);
    expect(lowestShown([0.74, 0.74, 0.6, 0.6, 0.6])).toBe(0.6);
  });
});

describe('logTicks', () => {
  it('has enough round numbers within the range', () => {
    expect(logTicks([5e6, 2e8])).toEqual([5e6, 1e7, 2e7, 5e7, 1e8, 2e8]);
    expect(logTicks([1e-5, 1])).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]);
    expect(logTicks([7e7, 3.1e8])).toEqual([7e7, 1e8, 1.5e8, 2e8, 3e8]);
  });
});

describe('bands', () => {
  it('is mean, least and most of the seeds that are still there', () => {
    const curves = [
      [
        { x: 1, y: 2 },
        { x: 2, y: 4 },
      ],
      [
        { x: 1, y: 4 },
        { x: 2, y: null },
        { x: 3, y: Number.NaN },
      ],
    ];
    expect(bands(curves)).toEqual([
      { x: 1, mean: 3, low: 2, high: 4 },
      { x: 2, mean: 4, low: 4, high: 4 },
    ]);
  });
});

describe('shortened', () => {
  it('keeps both ends of a name', () => {
    expect(shortened('alpt:8', 12)).toBe('alpt:8');
    expect(shortened('lpt:4 lpt.clip=0.01', 12)).toBe('lpt:4 …=0.01');
    expect([...shortened('𝛼'.repeat(40), 9)].length).toBe(9);
  });
});
