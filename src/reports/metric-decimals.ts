// How many decimals metrics and their differences get. One number for all variants, so that columns can be compared; more
// for differences, whose intervals are narrower than what seeds do to all variants alike.
import { decimalsFor } from './numbers.js';
import { type ByMetric, type ComparedSplit, present, type SummaryRow } from './summary.js';

type Metric = keyof ByMetric<unknown>;

/** Two digits of the standard deviation over seeds. */
export function valueDecimals(
  rows: readonly SummaryRow[],
  splits: readonly ComparedSplit[],
  metric: Metric,
): number {
  return decimalsFor(present(rows.flatMap((row) => splits.map((split) => row[split][metric].deviation))), 5);
}

/** Two digits of the intervals' half width. */
export function differenceDecimals(
  rows: readonly SummaryRow[],
  split: ComparedSplit,
  metric: Metric,
): number {
  const halves = rows.map(({ difference }) => {
    const { low, high } = difference?.[split][metric] ?? { low: null, high: null };
    return low === null || high === null ? null : (high - low) / 2;
  });
  return Math.max(valueDecimals(rows, [split], metric), decimalsFor(present(halves), 5));
}
