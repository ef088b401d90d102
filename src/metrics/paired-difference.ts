// The difference of two variants that were run with the same seeds: mean of the differences seed by seed, with the
// interval of Student's t. What a seed does to both drops out, so few seeds tell small differences apart.
import { meanDeviation } from './mean-deviation.js';
import { studentQuantile } from './student.js';

export interface PairedDifference {
  /** Seeds that both have. */
  readonly n: number;
  /** Of value − reference; null without a pair. */
  readonly mean: number | null;
  /** The interval's ends; null with fewer than two pairs. */
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * @param values by seed, null where a seed has none
 * @param reference by seed, in the same order
 * @param level the interval's coverage
 * @example pairedDifference([2, 4], [1, 2]) // { n: 2, mean: 1.5, low: −1.66, high: 4.66 }
 */
export function pairedDifference(
  values: readonly (number | null)[],
  reference: readonly (number | null)[],
  level = 0.9,
): PairedDifference {
  if (values.length !== reference.length) {
    throw new RangeError(`${values.length} values beside ${reference.length}`);
  }
  const differences: number[] = [];
  values.forEach((value, seed) => {
    const other = reference[seed];
    if (value !== null && other !== null) differences.push(value - other);
  });
  const { count: n, mean, deviation } = meanDeviation(differences);
  if (mean === null || deviation === null) return { n, mean, low: null, high: null };
  const half = (studentQuantile((1 + level) / 2, n - 1) * deviation) / Math.sqrt(n);
  return { n, mean, low: mean - half, high: mean + half };
}

/** Does the interval leave out 0? null where there is none. */
export function isDistinguishable({ low, high }: PairedDifference): boolean | null {
  return low === null || high === null ? null : low > 0 || high < 0;
}
