// Logloss (mean binary cross-entropy, in nats) and normalized entropy, from logits. Sums are float64, in the order
// of the rows.

/**
 * Cross-entropy of one row, −log of the probability of its label (0 or 1), without overflow: log(1 + e^w) =
 * max(w, 0) + log1p(e^−|w|), where w is the logit of the other label.
 */
export function crossEntropy(logit: number, label: number): number {
  const wrong = label === 0 ? logit : -logit;
  return Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong)));
}

/**
 * Mean cross-entropy.
 *
 * @param logits (rows)
 * @param labels (rows), 0 or 1
 * @param weights (rows), what a row counts in the mean
 * @returns null when there is no row
 * @example logloss(new Float32Array([0]), new Float32Array([1])) // Math.log(2)
 */
export function logloss(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights: Float32Array | null = null,
): number | null {
  const rows = logits.length;
  if (labels.length !== rows) throw new RangeError(`${rows} logits but ${labels.length} labels`);
  if (rows === 0) return null;
  let sum = 0;
  if (weights === null) {
    for (let i = 0; i < rows; i++) sum += crossEntropy(logits[i], labels[i]);
    return sum / rows;
  }
  let total = 0;
  for (let i = 0; i < rows; i++) {
    sum += weights[i] * crossEntropy(logits[i], labels[i]);
    total += weights[i];
  }
  return sum / total;
}

/**
 * Logloss over the entropy of the observed rate: 1 is a model that always says the average (He et al., "Practical
 * lessons from predicting clicks on ads at Facebook", 2014, eq. 1).
 *
 * @returns null when there is only one class, or no row
 */
export function normalizedEntropy(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights: Float32Array | null = null,
): number | null {
  let positives = 0;
  let total = 0;
  for (let i = 0; i < labels.length; i++) {
    const weight = weights === null ? 1 : weights[i];
    positives += weight * labels[i];
    total += weight;
  }
  const rate = positives / total;
  const loss = logloss(logits, labels, weights);
  if (loss === null || positives === 0 || labels.indexOf(0) < 0) return null;
  return loss / -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate));
}
