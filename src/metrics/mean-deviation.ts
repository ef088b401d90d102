// Mean ± standard deviation of a few runs, as result tables print it.

export interface MeanDeviation {
  readonly count: number;
  /** null without values. */
  readonly mean: number | null;
  /** Sample standard deviation (n − 1); null with fewer than two values. */
  readonly deviation: number | null;
}

/** @example meanDeviation([1, 3]) // { count: 2, mean: 2, deviation: Math.SQRT2 } */
export function meanDeviation(values: readonly number[]): MeanDeviation {
  const count = values.length;
  if (count === 0) return { count, mean: null, deviation: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { count, mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, deviation: Math.sqrt(squares / (count - 1)) };
}
