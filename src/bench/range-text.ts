// A median with its quartiles, as benchmarks print it.
import type { Spread } from './benchmark.js';

/** `12.3 (12.0–12.9)`, with commas from 1,000 on. */
export function rangeText({ median, low, high }: Spread, decimals = 1): string {
  const text = (value: number) =>
    value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return `${text(median)} (${text(low)}–${text(high)})`;
}
