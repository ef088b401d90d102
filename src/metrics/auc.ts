// Area under the ROC curve, exact: the fraction of (positive, negative) pairs that are ranked right, ties counting
// one half (Mann–Whitney). Logits are compared as float32, which is what a model gives; −0 equals 0.
//
// A float's bits, with the sign bit flipped for positive numbers and all bits for negative ones, are ordered like
// the floats as unsigned integers, so a radix sort does it. Positives and negatives are sorted apart and merged.
import { UserError } from '../errors.js';
import { weightedAuc } from './weighted-auc.js';

const DIGIT_BITS = 11;
const RADIX = 1 << DIGIT_BITS;

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
  const rows = logits.length;
  if (labels.length !== rows) throw new RangeError(`${rows} logits but ${labels.length} labels`);
  let positives = 0;
  for (let i = 0; i < rows; i++) positives += labels[i];

  const bits = new Uint32Array(logits.buffer, logits.byteOffset, rows);
  const keys = new Uint32Array(rows); // negatives first, then positives
  const firstPositive = rows - positives;
  let negativeAt = 0;
  let positiveAt = firstPositive;
  for (let i = 0; i < rows; i++) {
    const label = labels[i];
    const logit = logits[i];
    if ((label !== 0 && label !== 1) || Number.isNaN(logit)) throw notRankable(i, logit, label);
    const word = logit === 0 ? 0 : bits[i];
    const key = word & 0x80000000 ? ~word : word | 0x80000000;
    if (label === 0) keys[negativeAt++] = key;
    else keys[positiveAt++] = key;
  }
  if (positives === 0 || positives === rows) return null;
  if (weights) return weightedAuc(logits, labels, weights);

  const scratch = new Uint32Array(rows);
  const negative = sort(keys.subarray(0, firstPositive), scratch.subarray(0, firstPositive));
  const positive = sort(keys.subarray(firstPositive), scratch.subarray(firstPositive));
  return rankedRight(negative, positive) / (positives * firstPositive);
}

/** Pairs in which the positive is above the negative, plus half of those in which they are equal. */
function rankedRight(negative: Uint32Array, positive: Uint32Array): number {
  let pairs = 0;
  let below = 0;
  let notAbove = 0;
  for (let i = 0; i < positive.length; i++) {
    const key = positive[i];
    while (below < negative.length && negative[below] < key) below++;
    while (notAbove < negative.length && negative[notAbove] <= key) notAbove++;
    pairs += (below + notAbove) / 2;
  }
  return pairs;
}

/** LSD radix sort in three passes; the result lies in `scratch`, and is returned. */
function sort(keys: Uint32Array, scratch: Uint32Array): Uint32Array {
  const counts = new Uint32Array(RADIX);
  let from = keys;
  let to = scratch;
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    counts.fill(0);
    for (let i = 0; i < from.length; i++) counts[(from[i] >>> shift) & (RADIX - 1)]++;
    let sum = 0;
    for (let digit = 0; digit < RADIX; digit++) {
      const count = counts[digit];
      counts[digit] = sum;
      sum += count;
    }
    for (let i = 0; i < from.length; i++) {
      const key = from[i];
      to[counts[(key >>> shift) & (RADIX - 1)]++] = key;
    }
    [from, to] = [to, from];
  }
  return from;
}

function notRankable(row: number, logit: number, label: number): UserError {
  return Number.isNaN(logit)
    ? new UserError(`The logit of row ${row} is NaN; a metric needs numbers.`)
    : new UserError(`The label of row ${row} is ${label}; it must be 0 or 1.`);
}
