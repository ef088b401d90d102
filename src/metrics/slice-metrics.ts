// Metrics of each part of the rows, in one pass and one sort over all of them: rows, positives, AUC, logloss and
// calibration of every slice. Sums are float64, in the order of the rows.
import { type Calibration, sigmoid } from './calibration.js';
import { rankGroups } from './grouped-auc.js';
import { crossEntropy } from './logloss.js';

/** What a model's scores are worth on one slice. Rows and positives are counted; the metrics weigh. */
export interface SliceMetrics {
  readonly rows: number;
  readonly positives: number;
  readonly auc: number | null;
  readonly logloss: number | null;
  readonly calibration: Calibration | null;
}

/**
 * Metrics of `count` slices.
 *
 * @param logits (rows)
 * @param labels (rows), 0 or 1
 * @param slices (rows), the slice of each row, from 0 to count − 1
 * @param weights (rows), above 0: what a row counts in every metric. Default: 1 each
 * @throws UserError for a NaN among the logits or a label that is neither 0 nor 1
 */
export function sliceMetrics(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  slices: Uint32Array,
  count: number,
  weights?: Float32Array | Float64Array,
): SliceMetrics[] {
  const rows = new Float64Array(count);
  const positives = new Float64Array(count);
  const sums = Array.from({ length: 4 }, () => new Float64Array(count));
  const [weight, positiveWeight, loss, predicted] = sums;
  for (let i = 0; i < slices.length; i++) {
    const slice = slices[i];
    if (slice >= count) throw new RangeError(`row ${i} is in slice ${slice} of ${count}`);
    const w = weights ? weights[i] : 1;
    rows[slice]++;
    positives[slice] += labels[i];
    weight[slice] += w;
    positiveWeight[slice] += w * labels[i];
    loss[slice] += w * crossEntropy(logits[i], labels[i]);
    predicted[slice] += w * sigmoid(logits[i]);
  }
  const aucs = new Map<number, number | null>();
  for (const { group, auc } of rankGroups(logits, labels, slices, weights)) aucs.set(group, auc);
  return Array.from(rows, (n, slice) => ({
    rows: n,
    positives: positives[slice],
    auc: aucs.get(slice) ?? null,
    logloss: n === 0 ? null : loss[slice] / weight[slice],
    calibration:
      n === 0
        ? null
        : {
            predicted: predicted[slice] / weight[slice],
            observed: positiveWeight[slice] / weight[slice],
            ratio: positives[slice] === 0 ? null : predicted[slice] / positiveWeight[slice],
          },
  }));
}
