// Does the model promise as many clicks as there are? Sums are float64, in the order of the rows.

/** Mean prediction against the share of positives. */
export interface Calibration {
  /** Mean predicted probability. */
  readonly predicted: number;
  /** Fraction of ones. */
  readonly observed: number;
  /** predicted / observed: above 1 the model promises too much. null when there are no ones. */
  readonly ratio: number | null;
}

/** Probability of a logit: 1 / (1 + e^−z), without overflow on either side. */
export function sigmoid(logit: number): number {
  if (logit >= 0) return 1 / (1 + Math.exp(-logit));
  const e = Math.exp(logit);
  return e / (1 + e);
}

/**
 * Predicted against observed rate.
 *
 * @param logits (rows)
 * @param labels (rows), 0 or 1
 * @param weights (rows), what a row counts in both rates
 * @returns null when there is no row
 */
export function calibration(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  weights: Float32Array | null = null,
): Calibration | null {
  const rows = logits.length;
  if (labels.length !== rows) throw new RangeError(`${rows} logits but ${labels.length} labels`);
  if (rows === 0) return null;
  let predicted = 0;
  let positives = 0;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const weight = weights === null ? 1 : weights[i];
    predicted += weight * sigmoid(logits[i]);
    positives += weight * labels[i];
    total += weight;
  }
  return {
    predicted: predicted / total,
    observed: positives / total,
    ratio: positives === 0 ? null : predicted / positives,
  };
}
