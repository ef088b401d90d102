// Quantiles of a list of numbers, between two neighbours by a straight line (R's type 7, numpy's default).

/**
 * @param values at least one, in any order; not changed
 * @param probabilities from 0 to 1
 * @example quantiles([1, 2, 4], [0, 0.5, 0.75]) // [1, 2, 3]
 */
export function quantiles(values: readonly number[], probabilities: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return probabilities.map((probability) => {
    const position = probability * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  });
}
