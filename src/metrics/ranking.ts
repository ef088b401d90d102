// Scores in order, by radix sort: what every metric of ranking is computed from. Logits are compared as float32, which
// is what a model gives; −0 equals 0.
//
// A float's bits, with the sign bit flipped for positive numbers and all bits for negative ones, are ordered like
// the floats as unsigned integers.
import { UserError } from '../errors.js';

const DIGIT_BITS = 11;
const RADIX = 1 << DIGIT_BITS;

/** Sort keys of the rows of each class, ascending; equal keys are equal logits. */
export interface RankedClasses {
  readonly negative: Uint32Array; // (rows labelled 0)
  readonly positive: Uint32Array; // (rows labelled 1)
}

/**
 * The rows' keys, positives and negatives sorted apart.
 *
 * @param logits (rows), infinities are allowed
 * @param labels (rows), 0 or 1
 * @throws UserError for a NaN among the logits or a label that is neither 0 nor 1
 */
export function rankClasses(logits: Float32Array, labels: Float32Array | Uint8Array): RankedClasses {
  const rows = logits.length;
  if (labels.length !== rows) throw new RangeError(`${rows} logits but ${labels.length} labels`);
  const keys = sortKeys(logits, labels);
  let positives = 0;
  for (let i = 0; i < rows; i++) positives += labels[i];
  const grouped = new Uint32Array(rows); // negatives first, then positives
  const firstPositive = rows - positives;
  let negativeAt = 0;
  let positiveAt = firstPositive;
  for (let i = 0; i < rows; i++) {
    if (labels[i] === 0) grouped[negativeAt++] = keys[i];
    else grouped[positiveAt++] = keys[i];
  }
  return {
    negative: sort(grouped.subarray(0, firstPositive), keys.subarray(0, firstPositive)),
    positive: sort(grouped.subarray(firstPositive), keys.subarray(firstPositive)),
  };
}

/** (rows), whole numbers in the order of the logits. @throws UserError as `rankClasses` */
export function sortKeys(logits: Float32Array, labels: Float32Array | Uint8Array): Uint32Array {
  const rows = logits.length;
  const bits = new Uint32Array(logits.buffer, logits.byteOffset, rows);
  const keys = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const label = labels[i];
    const logit = logits[i];
    if ((label !== 0 && label !== 1) || Number.isNaN(logit)) throw notRankable(i, logit, label);
    const word = logit === 0 ? 0 : bits[i];
    keys[i] = word & 0x80000000 ? ~word : word | 0x80000000;
  }
  return keys;
}

/** The indices of `order`, put in ascending order of their keys; equal keys stay in the order they had. */
export function sortedBy(keys: Uint32Array, order: Uint32Array): Uint32Array {
  const counts = new Uint32Array(RADIX);
  let from = order.slice();
  let to = new Uint32Array(order.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    counts.fill(0);
    for (let i = 0; i < from.length; i++) counts[(keys[from[i]] >>> shift) & (RADIX - 1)]++;
    startsOf(counts);
    for (let i = 0; i < from.length; i++) {
      const index = from[i];
      to[counts[(keys[index] >>> shift) & (RADIX - 1)]++] = index;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** LSD radix sort in three passes; the result lies in `scratch`, and is returned. */
function sort(keys: Uint32Array, scratch: Uint32Array): Uint32Array {
  const counts = new Uint32Array(RADIX);
  let from = keys;
  let to = scratch;
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    counts.fill(0);
    for (let i = 0; i < from.length; i++) counts[(from[i] >>> shift) & (RADIX - 1)]++;
    startsOf(counts);
    for (let i = 0; i < from.length; i++) {
      const key = from[i];
      to[counts[(key >>> shift) & (RADIX - 1)]++] = key;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** From how many there are of each digit to where each digit's run starts. */
function startsOf(counts: Uint32Array): void {
  let sum = 0;
  for (let digit = 0; digit < RADIX; digit++) {
    const count = counts[digit];
    counts[digit] = sum;
    sum += count;
  }
}

function notRankable(row: number, logit: number, label: number): UserError {
  return Number.isNaN(logit)
    ? new UserError(`The logit of row ${row} is NaN; a metric needs numbers.`)
    : new UserError(`The label of row ${row} is ${label}; it must be 0 or 1.`);
}
