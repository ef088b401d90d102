// Embeddings that are made of two rows, and the gradient of their product by each row. Specification:
// src/kernels/reference-batch.ts. (The gradient of a sum is segmentSum's, over the pairs that a row is in.)

// @ts-ignore: decorator
@inline
function rowOf(values: usize, index: usize, dim: u32): usize {
  return values + <usize>load<u32>(index) * (dim << 2);
}

/** out (count, dim) = values[pairs[2i]] ⊙ values[pairs[2i + 1]]. */
export function multiplyPairs(values: usize, pairs: usize, count: u32, dim: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++, pairs += 8) {
    let a = rowOf(values, pairs, dim);
    let b = rowOf(values, pairs + 4, dim);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, a += 16, b += 16, out += 16) {
      v128.store(out, v128.mul<f32>(v128.load(a), v128.load(b)));
    }
    for (; j < dim; j++, a += 4, b += 4, out += 4) store<f32>(out, load<f32>(a) * load<f32>(b));
  }
}

/** out (count, dim) = values[pairs[2i]] + values[pairs[2i + 1]]. */
export function addPairs(values: usize, pairs: usize, count: u32, dim: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++, pairs += 8) {
    let a = rowOf(values, pairs, dim);
    let b = rowOf(values, pairs + 4, dim);
    let j: u32 = 0;
    for (; j + 4 <= dim; j += 4, a += 16, b += 16, out += 16) {
      v128.store(out, v128.add<f32>(v128.load(a), v128.load(b)));
    }
    for (; j < dim; j++, a += 4, b += 4, out += 4) store<f32>(out, load<f32>(a) + load<f32>(b));
  }
}

/** to (dim) = a ⊙ b, or added to it. */
// @ts-ignore: decorator
@inline
function product(to: usize, a: usize, b: usize, dim: u32, isAdded: bool): void {
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4, to += 16, a += 16, b += 16) {
    const term = v128.mul<f32>(v128.load(a), v128.load(b));
    v128.store(to, isAdded ? v128.add<f32>(v128.load(to), term) : term);
  }
  for (; j < dim; j++, to += 4, a += 4, b += 4) {
    const term = load<f32>(a) * load<f32>(b);
    store<f32>(to, isAdded ? load<f32>(to) + term : term);
  }
}

/**
 * out (count, dim): for the values first … first + count − 1, each the sum of dProducts[m] ⊙ the other value of pair m,
 * over the pairs m that it is in, members[starts[value]] to members[starts[value + 1] − 1].
 */
export function pairGradients(
  dProducts: usize, values: usize, pairs: usize, starts: usize, members: usize,
  first: u32, count: u32, dim: u32, out: usize,
): void {
  const bytes = dim << 2;
  starts += first << 2;
  for (let value = first; value < first + count; value++, out += bytes, starts += 4) {
    const begin = load<u32>(starts);
    const end = load<u32>(starts, 4);
    for (let k = begin; k < end; k++) {
      const member = load<u32>(members + (k << 2));
      const pair = pairs + (<usize>member << 3);
      const other = load<u32>(pair) == value ? pair + 4 : pair;
      const upstream = dProducts + <usize>member * bytes;
      if (k == begin) product(out, upstream, rowOf(values, other, dim), dim, false);
      else product(out, upstream, rowOf(values, other, dim), dim, true);
    }
  }
}
