// Whether an interval bears a conclusion out.
import { expect, it } from 'vitest';
import { type Expectation, judged } from './claim.js';

it.each([
  ['higher', 0.001, 0.002, 'yes'],
  ['higher', -0.001, 0.002, 'cannot tell'],
  ['higher', -0.002, -0.001, 'no'],
  ['lower', -0.002, -0.001, 'yes'],
  ['lower', -0.002, 0.001, 'cannot tell'],
  ['lower', 0.001, 0.002, 'no'],
  // A thousandth is what the paper calls significant.
  ['not lower', -0.0009, 0.1, 'yes'],
  ['not lower', -0.0011, 0.1, 'cannot tell'],
  ['not lower', -0.02, -0.0011, 'no'],
  ['equal', -0.0009, 0.0009, 'yes'],
  ['equal', -0.0009, 0.0011, 'cannot tell'],
  ['equal', 0.0011, 0.02, 'no'],
  ['equal', -0.02, -0.0011, 'no'],
] as const satisfies [Expectation, number, number, string][])(
  '%s, from %d to %d: %s',
  (expects, low, high, verdict) => {
    expect(judged(expects, low, high)).toBe(verdict);
  },
);
