// The axis of differences: linear, or logarithmic to both sides of 0 where one variant lies so far out that the others
// would lie on each other.
import type { ScaleOptions } from '@observablehq/plot';
import { signed } from '../numbers.js';

export interface DifferenceScale {
  readonly options: ScaleOptions;
  readonly isLogarithmic: boolean;
}

/** How many times the median difference the largest may be on a linear axis. */
const farOut = 10;

/** @param means of what is drawn @param ends of intervals and all else that has to fit in */
export function differenceScale(
  means: readonly number[],
  ends: readonly number[],
  ticks = 6,
): DifferenceScale {
  const all = [...means, ...ends, 0];
  const low = Math.min(...all);
  const high = Math.max(...all);
  const sizes = means.map(Math.abs).sort((a, b) => a - b);
  const middle = sizes[Math.floor((sizes.length - 1) / 2)] ?? 0;
  const largest = sizes.at(-1) ?? 0;
  if (!(middle > 0) || largest <= farOut * middle) return linear(low, high, ticks);
  // Powers of ten from the one below the median on: within the first the axis is about linear.
  const exponents: number[] = [];
  for (let e = Math.floor(Math.log10(middle)); 10 ** e <= Math.max(-low, high) * 1.5; e++) exponents.push(e);
  const powers = exponents.map((e) => Number(`1e${e}`));
  const pad = (end: number) => (end === 0 ? 0 : end * 1.3);
  const domain = [pad(low), pad(high)];
  const both = [...powers.map((power) => -power).reverse(), 0, ...powers];
  return {
    isLogarithmic: true,
    options: {
      type: 'symlog',
      constant: powers[0],
      domain,
      ticks: both.filter((tick) => tick >= domain[0] && tick <= domain[1]),
      tickFormat: (value: number) =>
        signed(value, value === 0 ? 0 : Math.max(0, -Math.floor(Math.log10(Math.abs(value) * 1.001)))),
    },
  };
}

function linear(low: number, high: number, ticks: number): DifferenceScale {
  const range = high - low || 1e-4;
  const digits = Math.max(0, -Math.floor(Math.log10(range / ticks)));
  return {
    isLogarithmic: false,
    options: {
      domain: [low - 0.06 * range, high + 0.06 * range],
      ticks,
      tickFormat: (value: number) => signed(value, digits),
    },
  };
}
