// The axis of differences: linear, or logarithmic to both sides of 0 where one variant lies so far out that the others
// would lie on each other.
import type { ScaleOptions } from '@observablehq/plot';
import { signed } from '../numbers.js';

export interface DifferenceScale {
  readonly options: ScaleOptions;
  readonly ticks: number | number[];
  readonly isLogarithmic: boolean;
}

/** How many times the median difference the largest may be on a linear axis. */
const farOut = 10;

/**
 * @param means of what is drawn
 * @param ends of intervals, and all else that has to fit in
 * @param ticks about how many there is room for
 */
export function differenceScale(
  means: readonly number[],
  ends: readonly number[],
  ticks = 6,
): DifferenceScale {
  const all = [...means, ...ends, 0];
  const low = Math.min(...all);
  const high = Math.max(...all);
  // Zeros say nothing of the scale, nor does what is left of rounding.
  const absolute = means
    .map(Math.abs)
    .filter((size) => size > 1e-8)
    .sort((a, b) => a - b);
  const middle = absolute[Math.floor((absolute.length - 1) / 2)] ?? 0;
  const largest = absolute.at(-1) ?? 0;
  if (!(middle > 0) || largest <= farOut * middle) return linear(low, high, ticks);
  // Powers of ten from the one below the median on: within the first the axis is about linear.
  const exponents: number[] = [];
  for (let e = Math.floor(Math.log10(middle)); 10 ** e <= Math.max(-low, high) * 1.5; e++) exponents.push(e);
  const pad = (end: number) => (end === 0 ? 0 : end * 1.3);
  const domain = [pad(low), pad(high)];
  // 1 and 3 of each power where there is room; 3 is halfway on a logarithmic axis.
  const factors = ticks > 4 ? [1, 3] : [1];
  const sizes = exponents.flatMap((e) => factors.map((factor) => Number(`${factor}e${e}`)));
  const both = [...sizes.map((size) => -size).reverse(), 0, ...sizes];
  const within = both.filter((tick) => tick >= domain[0] && tick <= domain[1]);
  return {
    ticks: within,
    isLogarithmic: true,
    options: {
      type: 'symlog',
      constant: 10 ** exponents[0],
      domain,
      ticks: within,
      tickFormat: (value: number) =>
        signed(value, value === 0 ? 0 : Math.max(0, -Math.floor(Math.log10(Math.abs(value) * 1.001)))),
    },
  };
}

function linear(low: number, high: number, ticks: number): DifferenceScale {
  const range = high - low || 1e-4;
  const domain = [low - 0.06 * range, high + 0.06 * range];
  const digits = Math.max(0, -Math.floor(Math.log10(tickStep(domain[1] - domain[0], ticks) * 1.001)));
  return {
    ticks,
    isLogarithmic: false,
    options: {
      domain,
      ticks,
      tickFormat: (value: number) => signed(value, value === 0 ? 0 : digits),
    },
  };
}

/** The distance of ticks as D3 chooses it, for their decimals: 1, 2 or 5 times a power of ten. */
function tickStep(range: number, ticks: number): number {
  const power = 10 ** Math.floor(Math.log10(range / ticks));
  const error = range / ticks / power;
  if (error >= Math.sqrt(50)) return 10 * power;
  if (error >= Math.sqrt(10)) return 5 * power;
  return error >= Math.sqrt(2) ? 2 * power : power;
}
