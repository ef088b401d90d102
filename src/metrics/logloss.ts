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
 * @returns null when there is no row
 * @example logloss(new Float32Array([0]), new Float32Array([1])) // Math.log(2)
 */
export function logloss(logits: Float32Array, labels: Float32Array | Uint8Array): number | null {
  const rows = logits.length;
  if (labels.length !== rows) throw new RangeError(`${rows} logits but ${labels.length} labels`);
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += crossEntropy(logits[i], labels[i]);
  return rows === 0 ? null : sum / rows;
}

/**
 * Logloss over the entropy of the observed rate: 1 is a model that always says the average (He et al., "Practical
 * lessons from predicting clicks on ads at Facebook", 2014, eq. 1).
 *
 * @returns null when there is only one class, or no row
 */
export function normalizedEntropy(logits: Float32Array, labels: Float32Array | Uint8Array): number | null {
  let positives = 0;
  for (let i = 0; i < labels.length; i++) positives += labels[i];
  const rate = positives / labels.length;
  const loss = logloss(logits, labels);
  if (loss === null || positives === 0 || positives === labels.length) return null;
  return loss / -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate));
}
