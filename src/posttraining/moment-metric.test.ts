import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniforms } from '../../test/random-rows.js';
import { MomentMetric } from './moment-metric.js';

const dim = 5;
const highest = 3;
const newFit = () => ({ scale: 0, bias: 0, error: 0 });

/** A random H of full rank. */
function momentOf(seed: number): Float64Array {
  const uniform = uniforms(seed);
  const moment = new Float64Array(dim * dim);
  for (let use = 0; use < 8; use++) {
    const gradient = Array.from({ length: dim }, () => uniform() - 0.3);
    for (let i = 0; i < dim; i++)
      for (let j = 0; j < dim; j++) moment[i * dim + j] += gradient[i] * gradient[j];
  }
  return moment;
}

const anySeed = fc.integer({ min: 1, max: 1e6 });
const anyValues = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dim, maxLength: dim })
  .map((values) => Float64Array.from(values));
const anyCodes = fc
  .array(fc.integer({ min: 0, max: highest }), { minLength: dim, maxLength: dim })
  .map((codes) => Uint8Array.from(codes));

describe('errors by a second moment', () => {
  it('are eᵀ H e, and a little of e itself', () => {
    const moment = momentOf(3);
    const metric = new MomentMetric(moment, dim);
    const error = [0.5, -0.25, 0, 1, 0.125];
    let expected = 0;
    for (let i = 0; i < dim; i++)
      for (let j = 0; j < dim; j++) expected += error[i] * moment[i * dim + j] * error[j];
    const values = Float64Array.from(error, (e) => 2 - e);
    metric.begin(values);
    const got = metric.error(1, 2, new Uint8Array(dim));
    expect(got).toBeGreaterThan(expected);
    expect(got).toBeLessThan(expected * 1.02);
  });

  it('are least at the fitted grid: any other scale and bias is worse, and the error is told', () => {
    fc.assert(
      fc.property(anySeed, anyValues, anyCodes, (seed, values, codes) => {
        fc.pre(new Set(codes).size > 1);
        const metric = new MomentMetric(momentOf(seed), dim);
        metric.begin(values);
        const best = newFit();
        metric.refit(codes, best);
        // Grids are read in fp32.
        const tolerance = 1e-5;
        const at = (scale: number, bias: number) => metric.error(scale, bias, codes);
        expect(best.error).toBeCloseTo(at(best.scale, best.bias), 5);
        for (const [ds, db] of [
          [1e-2, 0],
          [-1e-2, 0],
          [0, 1e-2],
          [0, -1e-2],
          [1e-2, -1e-2],
          [-1e-2, 1e-2],
        ]) {
          expect(at(best.scale + ds, best.bias + db)).toBeGreaterThan(best.error - tolerance);
        }
        const scale = best.scale + 0.1;
        const bias = metric.bias(scale, codes);
        for (const db of [-1e-2, 1e-2])
          expect(at(scale, bias + db)).toBeGreaterThan(at(scale, bias) - tolerance);
      }),
    );
  });

  it('of rounded codes are no more than the sum of half codes that the factor of H allows', () => {
    fc.assert(
      fc.property(anySeed, anyValues, (seed, values) => {
        const metric = new MomentMetric(momentOf(seed), dim);
        metric.begin(values);
        const codes = new Uint8Array(dim);
        // A grid so wide that nothing is cut off: each element ends within half a code of its target, and with H = Rᵀ R
        // the error is the sum of the squares R_ii · (distance), whatever the correlations are.
        const scale = 0.05;
        metric.round(scale, -6, 255, codes);
        const rounded = metric.error(scale, -6, codes);
        let diagonal = 0;
        const moment = momentOf(seed);
        for (let j = 0; j < dim; j++) diagonal += moment[j * (dim + 1)];
        expect(rounded).toBeLessThanOrEqual(diagonal * 1.01 * (scale / 2) ** 2 + 1e-6);
      }),
    );
  });

  it('never grow by coordinate descent, which ends where no single code gains', () => {
    fc.assert(
      fc.property(anySeed, anyValues, anyCodes, (seed, values, codes) => {
        const metric = new MomentMetric(momentOf(seed), dim);
        metric.begin(values);
        const [scale, bias] = [0.5, -0.75];
        const before = metric.error(scale, bias, codes);
        metric.descend(scale, bias, highest, codes);
        const after = metric.error(scale, bias, codes);
        expect(after).toBeLessThanOrEqual(before + 1e-6);
        for (let j = 0; j < dim; j++) {
          for (let code = 0; code <= highest; code++) {
            const other = Uint8Array.from(codes);
            other[j] = code;
            expect(metric.error(scale, bias, other)).toBeGreaterThanOrEqual(after - 1e-6);
          }
        }
      }),
    );
  });

  it('count every direction alike where H is zero', () => {
    const metric = new MomentMetric(new Float64Array(dim * dim), dim);
    metric.begin(Float64Array.of(1, 2, 0, 0, 0));
    expect(metric.error(1, 0, new Uint8Array(dim))).toBe(5);
  });
});
