// What the post-training tables are made from, and the numbers that several of them print: means over seeds, differences
// to fp32 paired by seed.
import { meanDeviation } from '../../metrics/mean-deviation.js';
import { type PairedDifference, pairedDifference } from '../../metrics/paired-difference.js';
import type { Comparison } from '../../reports/comparison.js';
import { signed } from '../../reports/numbers.js';
import { nothing } from './page.js';
import type { MeasuredRun, MeasuredWay } from './posttraining-measure.js';
import type { Way } from './posttraining-ways.js';

/** A width, with the run of each seed that finished. */
export interface WidthResults {
  dim: number;
  runs: { seed: number; measured: MeasuredRun }[];
}

export interface PosttrainingResults {
  comparison: Comparison;
  /** That was scored. */
  split: string;
  ways: readonly Way[];
  widths: readonly WidthResults[];
}

/** The mean over seeds of a number of a way; null where nobody measured it. */
export function meanOf(
  { runs }: WidthResults,
  { name }: Way,
  of: (way: MeasuredWay) => number | null | undefined,
): number | null {
  const values = runs.flatMap(({ measured }) => {
    const way = measured.ways.get(name);
    return (way && of(way)) ?? [];
  });
  return meanDeviation(values).mean;
}

/** The mean normalized l2 error of rows. */
export function meanError(width: WidthResults, way: Way): number | null {
  return meanOf(width, way, ({ errors }) => errors.meanError);
}

/** Logloss with the quantized table less that in fp32, seed by seed. */
export function lossDifference({ runs }: WidthResults, { name }: Way): PairedDifference {
  return pairedDifference(
    runs.map(({ measured }) => measured.ways.get(name)?.scores?.logloss ?? null),
    runs.map(({ measured }) => measured.scores.logloss),
  );
}

/** `+0.000120 (+0.000100 to +0.000140)`. */
export function differenceText({ mean, low, high }: PairedDifference): string {
  if (mean === null) return nothing;
  const interval = low === null || high === null ? '' : ` (${signed(low, 6)} to ${signed(high, 6)})`;
  return `${signed(mean, 6)}${interval}`;
}

/** Bytes of a run's table in fp32. */
export function fp32Bytes({ rows, dim }: MeasuredRun): number {
  return 4 * rows * dim;
}

/** Four digits that say something. */
export function significant(value: number): string {
  return value === 0 ? '0' : value < 1e-4 ? value.toExponential(2) : value.toPrecision(4);
}
