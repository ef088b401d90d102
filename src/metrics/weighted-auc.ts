// AUC of rows that weigh differently: a pair of a positive and a negative counts as the product of their weights. Its
// sums are float64, score after score, so unlike `auc` of plain rows it is not exact to the last bit.

/**
 * @param logits (rows), no NaN
 * @param labels (rows), 0 or 1, of both some
 * @param weights (rows), positive
 */
export function weightedAuc(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights: Float32Array,
): number {
  // Infinities have no difference, so they are compared.
  const compare = (a: number, b: number) => (logits[a] < logits[b] ? -1 : logits[a] > logits[b] ? 1 : a - b);
  const order = Uint32Array.from(logits, (_, i) => i).sort(compare);
  let pairs = 0;
  let below = 0;
  let positiveTotal = 0;
  for (let at = 0; at < order.length; ) {
    const logit = logits[order[at]];
    let positive = 0;
    let negative = 0;
    for (; at < order.length && logits[order[at]] === logit; at++) {
      const row = order[at];
      if (labels[row] === 1) positive += weights[row];
      else negative += weights[row];
    }
    pairs += positive * (below + negative / 2);
    below += negative;
    positiveTotal += positive;
  }
  return pairs / (positiveTotal * below);
}
