// Area under the precision-recall curve as average precision: the sum over the distinct scores, from the highest down,
// of the recall gained at that score times the precision down to it. Equal scores are one step of the curve, so the
// order of tied rows cannot matter; nothing is interpolated. The definition of scikit-learn's average_precision_score.
import { type RankedClasses, rankClasses, sortedBy, sortKeys } from './ranking.js';

/**
 * Average precision of scores that order like the probability of a 1. A ranking by chance has the share of ones.
 *
 * @param logits (rows), any order-preserving score does; infinities are allowed
 * @param labels (rows), 0 or 1
 * @param weights (rows), above 0: what a row counts in precision and recall. Default: 1 each
 * @returns null when there is no row labelled 1
 * @throws UserError for a NaN among the logits or a label that is neither 0 nor 1
 * @example prAuc(new Float32Array([2, 1, 0]), new Float32Array([0, 1, 0])) // 0.5
 */
export function prAuc(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights?: Float32Array | Float64Array | null,
): number | null {
  if (weights) return weightedPrAuc(logits, labels, weights);
  return prAucOf(rankClasses(logits, labels));
}

/** Average precision of rows that are ranked already; as `prAuc`. */
export function prAucOf({ negative, positive }: RankedClasses): number | null {
  if (positive.length === 0) return null;
  let sum = 0;
  let negativesLeft = negative.length;
  for (let left = positive.length; left > 0; ) {
    const key = positive[left - 1];
    let gained = 0;
    for (; left > 0 && positive[left - 1] === key; left--) gained++;
    while (negativesLeft > 0 && negative[negativesLeft - 1] >= key) negativesLeft--;
    const truePositives = positive.length - left;
    sum += gained * (truePositives / (truePositives + negative.length - negativesLeft));
  }
  return sum / positive.length;
}

function weightedPrAuc(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights: Float32Array | Float64Array,
): number | null {
  const keys = sortKeys(logits, labels);
  const order = sortedBy(
    keys,
    Uint32Array.from(keys, (_, row) => row),
  );
  let sum = 0;
  let truePositives = 0;
  let chosen = 0;
  for (let at = order.length - 1; at >= 0; ) {
    const key = keys[order[at]];
    let gained = 0;
    for (; at >= 0 && keys[order[at]] === key; at--) {
      const weight = weights[order[at]];
      chosen += weight;
      gained += weight * labels[order[at]];
    }
    truePositives += gained;
    sum += gained * (truePositives / chosen);
  }
  return truePositives === 0 ? null : sum / truePositives;
}
