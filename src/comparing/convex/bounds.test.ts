// The bounds of theorems 1 and 2 by hand, and held against measurements.
import { describe, expect, it } from 'vitest';
import {
  type BoundConstants,
  deterministicBound,
  lastMovingAsPrinted,
  lastMovingSquared,
  stochasticBound,
} from './bounds.js';
import { measureSuboptimality } from './suboptimality.js';

const unit: BoundConstants = { learningRate: 0.1, dimension: 1, diameter: 1, gradient: 1, step: 0.01 };

describe('by hand', () => {
  it('theorem 1: D²/(2η√T) + ηG²/√T + √d·ΔG/2', () => {
    // 1/(0.2·10) + 0.1/10 + 0.005
    expect(stochasticBound(100, unit)).toBeCloseTo(0.515, 12);
    // d = 4, D = 2, G = 3: 4/(0.2·10) + 0.9/10 + 2·0.01·3/2
    const other = { ...unit, dimension: 4, diameter: 2, gradient: 3 };
    expect(stochasticBound(100, other)).toBeCloseTo(2 + 0.09 + 0.03, 12);
  });

  it('theorem 2: with Σ√t up to T₀, and D·G for every iteration after it', () => {
    // 1/(0.2·2) + 0.3/2 + 0.005 + 0.01·(1 + √2)/(0.2·4) + 2/4
    expect(deterministicBound(4, unit, 2)).toBeCloseTo(
      2.5 + 0.15 + 0.005 + (0.01 * (1 + Math.SQRT2)) / 0.8 + 0.5,
      12,
    );
    // T₀ beyond T: no iteration is after it.
    expect(deterministicBound(1, unit, 20)).toBeCloseTo(5 + 0.3 + 0.005 + 0.05, 12);
  });

  it('T₀, as printed and with the square', () => {
    expect([lastMovingAsPrinted(unit), lastMovingSquared(unit)]).toEqual([20, 400]);
    // √d cancels against G = √d.
    const wide = { ...unit, dimension: 1000, diameter: Math.sqrt(1000), gradient: Math.sqrt(1000) };
    expect([lastMovingAsPrinted(wide), lastMovingSquared(wide)]).toEqual([20, 400]);
  });
});

describe('measured', () => {
  const iterations = [1, 3, 10, 30, 100, 300, 1000];
  const options = { iterations, repetitions: 3, parameters: 200 };

  it.each([1, 2, 3])('SR stays below the bound of theorem 1 (seed %i)', (seed) => {
    for (const learningRate of [0.01, 0.1, 0.5, 1]) {
      const points = measureSuboptimality({ ...options, precision: 'stochastic', learningRate, seed });
      expect(points.map((point) => point.iterations)).toEqual(iterations);
      for (const { iterations: T, mean, high, low } of points) {
        expect(high).toBeLessThanOrEqual(stochasticBound(T, { ...unit, learningRate }));
        expect(mean).toBeLessThanOrEqual(high);
        expect(mean).toBeGreaterThanOrEqual(low);
      }
    }
  });

  it('DR that stands still is the same computed ahead as run to the end', () => {
    const run = { ...options, precision: 'deterministic' as const, learningRate: 0.1, seed: 1 };
    const [ahead] = measureSuboptimality({ ...run, iterations: [50_000] });
    // It stands still after some 20 iterations at a mean square of 0.0738²; the first ones hardly count.
    expect(ahead.mean).toBeGreaterThan(0.07 ** 2);
    expect(ahead.mean).toBeLessThan(0.08 ** 2);
    const all = measureSuboptimality({ ...run, iterations: Array.from({ length: 200 }, (_, i) => i + 1) });
    const some = measureSuboptimality({ ...run, iterations: [200] });
    expect(some[0].mean).toBe(all[199].mean);
  });

  it('counts w^1: at T = 1 it is the loss of the rounded starting point', () => {
    const [first] = measureSuboptimality({ ...options, precision: 'full', learningRate: 0.1, seed: 1 });
    // The variance of U(0, 1), 1/12, from 600 draws.
    expect(Math.abs(first.mean - 1 / 12)).toBeLessThan(0.02);
  });
});
