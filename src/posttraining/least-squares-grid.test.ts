// Least squares for given codes, and the descent to where codes and grid are the best for each other.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastSquaresGrid } from './least-squares-grid.js';

const dim = 12;
const highest = 15;
const values = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dim, maxLength: dim })
  .map((row) => Float64Array.from(row));
const scale = fc.double({ min: 0.01, max: 0.3, noNaN: true });
const bias = fc.double({ min: -1.5, max: 0, noNaN: true });

/** The sum of squared errors with each value at the nearest code. */
function errorOn(row: Float64Array, { scale, bias }: { scale: number; bias: number }): number {
  return row.reduce((sum, value) => {
    const code = Math.max(0, Math.min(highest, Math.round((value - bias) / scale)));
    return sum + (scale * code + bias - value) ** 2;
  }, 0);
}

describe('the grid of least squares', () => {
  it('is exact for values on a grid, wherever the codes came from', () => {
    const fit = { scale: 0, bias: 0, error: 1 };
    const row = Float64Array.of(0.1, 0.3, 0.5, 0.5, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1);
    new LeastSquaresGrid(dim, highest).refit(row, 0.21, 0.08, fit);
    expect(fit.scale).toBeCloseTo(0.2, 12);
    expect(fit.bias).toBeCloseTo(0.1, 12);
    expect(fit.error).toBeCloseTo(0, 12);
  });

  it('loses no more than the grid that the codes came from', () => {
    fc.assert(
      fc.property(values, scale, bias, (row, s, b) => {
        const fit = { scale: 0, bias: 0, error: 0 };
        new LeastSquaresGrid(dim, highest).refit(row, s, b, fit);
        expect(fit.error).toBeLessThanOrEqual(errorOn(row, { scale: s, bias: b }) + 1e-12);
      }),
    );
  });

  it('is followed down to where another turn gains nothing', () => {
    const fitter = new LeastSquaresGrid(dim, highest);
    let turns = 0;
    fc.assert(
      fc.property(values, scale, bias, (row, s, b) => {
        const once = { scale: s, bias: b, error: 0 };
        fitter.refit(row, s, b, once);
        const end = { scale: s, bias: b, error: 0 };
        fitter.descend(row, end);
        if (end.scale === 0) return;
        expect(end.error).toBeLessThanOrEqual(once.error);
        if (end.error < once.error) turns++;
        const again = { ...end };
        fitter.refit(row, end.scale, end.bias, again);
        expect(again.error).toBeGreaterThanOrEqual(end.error - 1e-12);
        expect(errorOn(row, end)).toBeLessThanOrEqual(end.error + 1e-12);
      }),
    );
    expect(turns).toBeGreaterThan(10);
  });
});
