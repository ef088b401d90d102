// Which values lie so far below all others that a frame with them in it would show nothing of the rest.

/** How many times the range of the values above it a gap must be. */
const farBelow = 1.5;

/**
 * The value from which on a frame should show, the lowest of those that lie together: at most a quarter of the values is
 * left out, and never with fewer than four.
 *
 * @example lowestShown([0.74, 0.741, 0.739, 0.738, 0.71]) // 0.738
 */
export function lowestShown(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const highest = sorted[sorted.length - 1];
  const most = sorted.length < 4 ? 0 : Math.floor(sorted.length / 4);
  let first = 0;
  for (let i = 1; i <= most; i++) {
    if (sorted[i] - sorted[i - 1] > farBelow * (highest - sorted[i])) first = i;
  }
  return sorted[first];
}
