// fp32 values on a grid against eq. 6 and 7 and against PACT's equations in float64, on numbers where all are exact:
// steps are powers of two, values multiples of 1/64 of one. Then ties are ties, and limits are met exactly.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CodeBits, type Grid, grid } from './grid.js';
import { clipSlope, passesGradient, slopeAt, stepSlope, valueOnGrid } from './master-value.js';

const symmetric = (bits: CodeBits): Grid => ({ lowest: -grid(bits).highest, highest: grid(bits).highest });

const cases = fc.constantFrom<CodeBits>(2, 4, 8).chain((bits) =>
  fc.record({
    limits: fc.constantFrom(grid(bits), symmetric(bits)),
    step: fc.constantFrom(0.5, 0.125, 2 ** -10),
    /** The value in 64ths of a step: whole and half steps among them, to the limits and beyond. */
    move: fc.oneof(
      fc.integer({ min: -(2 ** (bits + 6)), max: 2 ** (bits + 6) }),
      fc.integer({ min: -(2 ** bits), max: 2 ** bits }).map((halves) => 32 * halves),
    ),
  }),
);

const limited = (v: number, { lowest, highest }: Grid) => Math.max(lowest, Math.min(highest, v));

describe('a value on the grid', () => {
  it('is the step times the clipped value rounded half up (eq. 6)', () => {
    fc.assert(
      fc.property(cases, ({ limits, step, move }) => {
        const expected = step * Math.floor(limited(move / 64, limits) + 0.5);
        expect(valueOnGrid((move / 64) * step, step, limits) + 0).toBe(expected + 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('goes up at a tie, on both sides of 0', () => {
    expect([-1.5, -0.5, 0.5, 1.5].map((v) => valueOnGrid(v, 1, grid(4)) + 0)).toEqual([-1, 0, 1, 2]);
  });
});

describe('the derivative by the step', () => {
  it('is that of finite differences where values are clipped', () => {
    fc.assert(
      fc.property(cases, ({ limits, step, move }) => {
        const value = (move / 64) * step;
        const h = step / 2 ** 12;
        const [up, down] = [step + h, step - h].map((s) => s * limited(value / s, limits));
        // Strictly beyond a limit, at both steps; within, eq. 7 is no derivative but an estimate.
        const isClipped = [step + h, step - h].every((s) => limited(value / s, limits) !== value / s);
        if (!isClipped) return;
        expect(slopeAt(value, step, limits, stepSlope(limits))).toBeCloseTo((up - down) / (2 * h), 6);
      }),
      { numRuns: 2000 },
    );
  });

  it('is eq. 7: the limit at or beyond it, R_D(v) − v between', () => {
    fc.assert(
      fc.property(cases, ({ limits, step, move }) => {
        const v = move / 64;
        const { lowest, highest } = limits;
        const expected = v <= lowest ? lowest : v >= highest ? highest : Math.floor(v + 0.5) - v;
        expect(slopeAt(v * step, step, limits, stepSlope(limits)) + 0).toBe(expected + 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the derivative by the clip', () => {
  it('is 1 where a value is clipped above, −1 below, and nothing between: that of clip(w, −α, α)', () => {
    fc.assert(
      fc.property(cases, ({ limits: { highest }, step, move }) => {
        const clip = highest * step;
        const value = (move / 64) * step;
        const expected = value >= clip ? 1 : value <= -clip ? -1 : 0;
        expect(slopeAt(value, step, { lowest: -highest, highest }, clipSlope) + 0).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

it('a gradient passes within the grid, its ends included', () => {
  const passes = (v: number) => passesGradient(v * 0.5, 0.5, grid(4));
  expect([-8.01, -8, -7.9, 0, 6.9, 7, 7.01].map(passes)).toEqual([
    false,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});
