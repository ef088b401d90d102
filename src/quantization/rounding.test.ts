import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundHalfEven, roundHalfUp, roundStochastic } from './rounding.js';

const ties = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];
/** The float below ½, which `Math.floor(x + 0.5)` in fp32 rounds up. */
const belowHalf = 0.5 - 2 ** -25;

describe('half up', () => {
  it('sends ties toward +∞', () => {
    expect(ties.map(roundHalfUp)).toEqual([-3, -2, -1, 0, 1, 2, 3, 4]);
  });

  it('sends everything else to the nearest', () => {
    expect([belowHalf, -belowHalf, 1.25, 1.75, -1.25, -1.75].map(roundHalfUp)).toEqual([0, 0, 1, 2, -1, -2]);
  });
});

describe('half to even', () => {
  it('sends ties to the even neighbour', () => {
    // torch.round(torch.tensor([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]))
    expect(ties.map((x) => roundHalfEven(x) + 0)).toEqual([-4, -2, -2, 0, 0, 2, 2, 4]);
  });

  it('sends everything else to the nearest', () => {
    expect([belowHalf, 1.25, 1.75, -1.25, -1.75, 7].map(roundHalfEven)).toEqual([0, 1, 2, -1, -2, 7]);
  });
});

describe('stochastic', () => {
  it('goes up exactly where the uniform is below the rest', () => {
    for (const whole of [-3, 0, 5]) {
      expect(roundStochastic(whole + 0.25, 0.2499)).toBe(whole + 1);
      expect(roundStochastic(whole + 0.25, 0.25)).toBe(whole);
      expect(roundStochastic(whole + 0.25, 0.9)).toBe(whole);
    }
  });

  it('leaves whole numbers alone, whatever the uniform', () => {
    fc.assert(
      fc.property(fc.integer({ min: -40000, max: 40000 }), fc.float({ min: 0, max: 1 }), (x, u) => {
        expect(roundStochastic(x, u)).toBe(x);
      }),
    );
  });
});
