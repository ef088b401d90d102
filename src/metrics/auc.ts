// Area under the ROC curve, exact: the fraction of (positive, negative) pairs that are ranked right, ties counting
// one half (Mann–Whitney). With weights its sums are of float64, score after score, and not exact to the last bit.
import { rankGroups } from './grouped-auc.js';
import { type RankedClasses, rankClasses } from './ranking.js';

/**
 * AUC of scores that order like the probability of a 1.
 *
 * @param logits (rows), any order-preserving score does; infinities are allowed
 * @param labels (rows), 0 or 1
 * @param weights (rows): a pair counts as the product of its two
 * @returns null when there is only one class, or no row
 * @throws UserError for a NaN among the logits or a label that is neither 0 nor 1
 * @example auc(new Float32Array([-1, 0, 2]), new Float32Array([0, 1, 1])) // 1
 */
export function auc(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights: Float32Array | null = null,
): number | null {
  if (!weights) return aucOf(rankClasses(logits, labels));
  // All rows are one group.
  const [all] = [...rankGroups(logits, labels, new Uint32Array(logits.length), weights)];
  return all?.auc ?? null;
}

/** AUC of rows that are ranked already; as `auc`. */
export function aucOf({ negative, positive }: RankedClasses): number | null {
  if (positive.length === 0 || negative.length === 0) return null;
  // Pairs in which the positive is above the negative, plus half of those in which they are equal.
  let pairs = 0;
  let below = 0;
  let notAbove = 0;
  for (let i = 0; i < positive.length; i++) {
    const key = positive[i];
    while (below < negative.length && negative[below] < key) below++;
    while (notAbove < negative.length && negative[notAbove] <= key) notAbove++;
    pairs += (below + notAbove) / 2;
  }
  return pairs / (positive.length * negative.length);
}
