// The arithmetic of codes against the equations of the paper in float64, on numbers where both are exact: steps are
// powers of two, moves multiples of 1/64 of one. Then ties are ties, and limits are met exactly.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOffset, forwardValue, stepDerivative } from './code-update.js';
import { type CodeBits, clipStep, codeBits, firstStep, grid } from './grid.js';
import { roundHalfUp } from './rounding.js';

const cases = fc.constantFrom<CodeBits>(2, 4, 8).chain((bits) => {
  const { lowest, highest } = grid(bits);
  return fc.record({
    bits: fc.constant(bits),
    code: fc.integer({ min: lowest, max: highest }),
    step: fc.constantFrom(0.5, 0.125, 2 ** -10),
    /** v − code in 64ths of a step: ties and whole moves among them, to the limits and beyond. */
    move: fc.oneof(
      fc.integer({ min: -200, max: 200 }),
      fc.integer({ min: -10, max: 10 }).map((halves) => 32 * halves),
      fc.integer({ min: 64 * (lowest - highest) - 64, max: 64 * (highest - lowest) + 64 }),
    ),
  });
});

const limited = (v: number, bits: CodeBits) => Math.max(grid(bits).lowest, Math.min(grid(bits).highest, v));

describe('a new code', () => {
  it('is the clipped value on the new grid, counted from the old code', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0.5, 1, 2), ({ bits, code, step, move }, ratio) => {
        const change = (move / 64) * step;
        const newStep = ratio * step;
        const value = code * step + change;
        const offset = codeOffset(code, change, step, newStep, grid(bits));
        expect(code + offset).toBe(limited(value / newStep, bits));
      }),
      { numRuns: 2000 },
    );
  });

  it('stays when nothing changes, and a move of a ten thousandth of a step at 16 bits is not lost', () => {
    for (const code of [-32768, -1, 0, 31000]) expect(codeOffset(code, 0, 0.1, 0.1, grid(16))).toBe(0);
    expect(codeOffset(31000, 1e-5, 0.1, 0.1, grid(16))).toBeCloseTo(1e-4, 10);
  });
});

describe('what the second pass sees', () => {
  it('is the step times the clipped value rounded half up (eq. 1 and 3)', () => {
    fc.assert(
      fc.property(cases, ({ bits, code, step, move }) => {
        const v = code + move / 64;
        // Rounding passes whole limits through, so it does not matter that the paper clips first.
        const expected = step * Math.round(limited(v, bits));
        expect(forwardValue(code, (move / 64) * step, step, grid(bits)) + 0).toBe(expected + 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the derivative by the step', () => {
  it('is eq. 7: the limit at or beyond it, R_D(v) − v between', () => {
    fc.assert(
      fc.property(cases, ({ bits, code, step, move }) => {
        const { lowest, highest } = grid(bits);
        const v = code + move / 64;
        const expected = v <= lowest ? lowest : v >= highest ? highest : roundHalfUp(v) - v;
        expect(stepDerivative(code, (move / 64) * step, step, grid(bits)) + 0).toBe(expected + 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('is half at a tie, and the limit exactly there', () => {
    expect(stepDerivative(1, 0.25, 0.5, grid(4))).toBe(0.5);
    expect(stepDerivative(-1, -0.25, 0.5, grid(4))).toBe(0.5);
    expect(stepDerivative(7, 0, 0.5, grid(4))).toBe(7);
    expect(stepDerivative(6, 0.5, 0.5, grid(4))).toBe(7);
    expect(stepDerivative(-8, 0, 0.5, grid(4))).toBe(-8);
  });
});

describe('the grid', () => {
  it('has one more code below 0 than above', () => {
    expect(codeBits.map((bits) => grid(bits))).toEqual([
      { lowest: -2, highest: 1 },
      { lowest: -8, highest: 7 },
      { lowest: -128, highest: 127 },
      { lowest: -32768, highest: 32767 },
    ]);
  });

  it('starts with steps of 2·E|w| / √q, or with c / 2^(M−1)', () => {
    // Python: 2 * 0.003 * math.sqrt(2 / math.pi) / math.sqrt(q)
    expect(firstStep(0.003, 8)).toBeCloseTo(0.0004248048352746238, 12);
    expect(firstStep(0.003, 2)).toBeCloseTo(0.004787307364817192, 12);
    expect(clipStep(0.1, 2)).toBe(0.05);
    expect(clipStep(0.1, 8)).toBe(0.1 / 128);
  });
});
