// Between unique rows and the network: expand or pool to the batch, sum back by segment, combine micro-batches by the
// fixed binary tree over their index. Specification: src/kernels/reference-batch.ts.
import { copyLine } from './lines';

/** out (count, dim): out[i] = values[positions[i]]. */
export function expandRows(values: usize, positions: usize, count: u32, dim: u32, out: usize): void {
  const bytes = dim << 2;
  for (let i: u32 = 0; i < count; i++, out += bytes) {
    copyLine(out, values + <usize>load<u32>(positions + (i << 2)) * bytes, bytes);
  }
}

/** out (segments, dim): the sum of values[positions[k]] for k from offsets[s] to offsets[s + 1] − 1, over divisors[s]. */
export function poolRows(
  values: usize, positions: usize, offsets: usize, divisors: usize, segments: u32, dim: u32, out: usize,
): void {
  const bytes = dim << 2;
  let k = load<u32>(offsets);
  for (let s: u32 = 0; s < segments; s++, out += bytes) {
    const end = load<u32>(offsets + ((s + 1) << 2));
    copyLine(out, values + <usize>load<u32>(positions + (k << 2)) * bytes, bytes);
    for (k++; k < end; k++) addInto(out, values + <usize>load<u32>(positions + (k << 2)) * bytes, dim);
    divideRows(out, divisors + (s << 2), 1, dim);
  }
}

/** values (count, dim) over divisors (count); most are 1. */
export function divideRows(values: usize, divisors: usize, count: u32, dim: u32): void {
  for (let i: u32 = 0; i < count; i++, divisors += 4) {
    const divisor = load<f32>(divisors);
    if (divisor == 1) {
      values += dim << 2;
      continue;
    }
    const lanes = f32x4.splat(divisor);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, values += 16) v128.store(values, v128.div<f32>(v128.load(values), lanes));
    for (; j < dim; j++, values += 4) store<f32>(values, load<f32>(values) / divisor);
  }
}

/** to += from, over `count` floats. */
export function addInto(to: usize, from: usize, count: u32): void {
  let j: u32 = 0;
  for (; j + 4 <= count; j += 4, to += 16, from += 16) {
    v128.store(to, v128.add<f32>(v128.load(to), v128.load(from)));
  }
  for (; j < count; j++, to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** out (unique, dim): the sum over each row's occurrences, in batch order, of dValues (·, dim). */
export function segmentSum(
  dValues: usize,
  starts: usize,
  occurrences: usize,
  unique: u32,
  dim: u32,
  out: usize,
): void {
  const bytes = dim << 2;
  let from = load<u32>(starts);
  for (let i: u32 = 0; i < unique; i++, out += bytes) {
    const to = load<u32>(starts + ((i + 1) << 2));
    copyLine(out, dValues + <usize>load<u32>(occurrences + (from << 2)) * bytes, bytes);
    for (let k = from + 1; k < to; k++) {
      addInto(out, dValues + <usize>load<u32>(occurrences + (k << 2)) * bytes, dim);
    }
    from = to;
  }
}

/**
 * out (count, dim): each row's micro-batch sums added by a binary tree over the micro-batch index; a node with one
 * child passes it on. Row i's sums are those from sumStarts[i] to sumStarts[i + 1] − 1 (absolute positions): the sum
 * of micro-batch p = sumMicroBatches[k] with index s = sumIndices[k] lies at sums + (p·stride + s)·dim floats.
 * `work` has room for `parts` addresses.
 */
export function combineRows(
  sumStarts: usize, sumMicroBatches: usize, sumIndices: usize, count: u32,
  parts: u32, sums: usize, stride: u32, dim: u32, out: usize, work: usize,
): void {
  const bytes = dim << 2;
  for (let i: u32 = 0; i < count; i++, out += bytes) {
    const start = load<u32>(sumStarts + (i << 2));
    const end = load<u32>(sumStarts + ((i + 1) << 2));
    // Most rows have one sum, which every node passes on.
    if (end - start == 1) {
      copyLine(out, sumAt(sumMicroBatches, sumIndices, start, sums, stride, bytes), bytes);
      continue;
    }
    for (let p: u32 = 0; p < parts; p++) store<u32>(work + (p << 2), 0);
    for (let k = start; k < end; k++) {
      const part = load<u32>(sumMicroBatches + (k << 2));
      store<usize>(work + (part << 2), sumAt(sumMicroBatches, sumIndices, k, sums, stride, bytes));
    }
    // The sums are read once: each may serve as the accumulator of its subtree.
    for (let width: u32 = 1; width < parts; width <<= 1) {
      for (let p: u32 = 0; p + width < parts; p += width << 1) {
        const left = load<u32>(work + (p << 2));
        const right = load<u32>(work + ((p + width) << 2));
        if (!right) continue;
        if (left) addInto(left, right, dim);
        else store<u32>(work + (p << 2), right);
      }
    }
    copyLine(out, load<u32>(work), bytes);
  }
}

// @ts-ignore: decorator
@inline
function sumAt(
  sumMicroBatches: usize, sumIndices: usize, k: u32, sums: usize, stride: u32, bytes: usize,
): usize {
  const part = load<u32>(sumMicroBatches + (k << 2));
  return sums + <usize>(part * stride + load<u32>(sumIndices + (k << 2))) * bytes;
}

/** Index of the first NaN or infinity among `count` floats, or −1. */
export function findNonFinite(values: usize, count: u32): i32 {
  const exponents = i32x4.splat(0x7f800000);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    const four = v128.and(v128.load(values + (i << 2)), exponents);
    if (v128.any_true(v128.eq<i32>(four, exponents))) break;
  }
  for (; i < count; i++) {
    if ((load<u32>(values + (i << 2)) & 0x7f800000) == 0x7f800000) return i;
  }
  return -1;
}
