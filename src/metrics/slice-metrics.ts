// Metrics of each part of the rows, in one pass and one sort over all of them: rows, positives, AUC, logloss and
// calibration of every slice. Sums are float64, in the order of the rows.
import { type Calibration, sigmoid } from './calibration.js';
import { rankGroups } from './grouped-auc.js';
import { crossEntropy } from './logloss.js';

/** What a model's scores are worth on one slice. A metric that is undefined is null. */
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
 * @throws UserError for a NaN among the logits or a label that is neither 0 nor 1
 */
export function sliceMetrics(
  logits: Float32Array,
  labels: Float32Array | Uint8Array,
  slices: Uint32Array,
  count: number,
): SliceMetrics[] {
  const rows = new Float64Array(count);
  const positives = new Float64Array(count);
  const loss = new Float64Array(count);
  const predicted = new Float64Array(count);
  for (let i = 0; i < slices.length; i++) {
    const slice = slices[i];
    if (slice >= count) throw new RangeError(`row ${i} is in slice ${slice} of ${count}`);
    rows[slice]++;
    positives[slice] += labels[i];
    loss[slice] += crossEntropy(logits[i], labels[i]);
    predicted[slice] += sigmoid(logits[i]);
  }
  const aucs = new Map<number, number | null>();
  for (const { group, auc } of rankGroups(logits, labels, slices)) aucs.set(group, auc);
  return Array.from(rows, (n, slice) => ({
    rows: n,
    positives: positives[slice],
    auc: aucs.get(slice) ?? null,
    logloss: n === 0 ? null : loss[slice] / n,
    calibration:
      n === 0
        ? null
        : {
            predicted: predicted[slice] / n,
            observed: positives[slice] / n,
            ratio: positives[slice] === 0 ? null : predicted[slice] / positives[slice],
          },
  }));
}
