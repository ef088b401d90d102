// Rows between their least and their greatest value, four rows at a time. Specification: src/posttraining/min-max.ts.
import { areRoundable, bindMinMaxGrids, storeFour } from './affine';

/** The least and the greatest value of four rows, as `bindFullRanges` leaves them. */
export let leastValues: v128 = i32x4.splat(0);
export let greatestValues: v128 = i32x4.splat(0);

/** Lane k is the least of row k's lanes. */
// @ts-ignore: decorator
@inline
function leastOfLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = v128.pmin<f32>(v128.shuffle<u32>(a, b, 0, 1, 4, 5), v128.shuffle<u32>(a, b, 2, 3, 6, 7));
  const cd = v128.pmin<f32>(v128.shuffle<u32>(c, d, 0, 1, 4, 5), v128.shuffle<u32>(c, d, 2, 3, 6, 7));
  return v128.pmin<f32>(v128.shuffle<u32>(ab, cd, 0, 2, 4, 6), v128.shuffle<u32>(ab, cd, 1, 3, 5, 7));
}

// @ts-ignore: decorator
@inline
function greatestOfLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = v128.pmax<f32>(v128.shuffle<u32>(a, b, 0, 1, 4, 5), v128.shuffle<u32>(a, b, 2, 3, 6, 7));
  const cd = v128.pmax<f32>(v128.shuffle<u32>(c, d, 0, 1, 4, 5), v128.shuffle<u32>(c, d, 2, 3, 6, 7));
  return v128.pmax<f32>(v128.shuffle<u32>(ab, cd, 0, 2, 4, 6), v128.shuffle<u32>(ab, cd, 1, 3, 5, 7));
}

/** One value of each row. */
// @ts-ignore: decorator
@inline
export function column(a: usize, b: usize, c: usize, d: usize): v128 {
  return f32x4(load<f32>(a), load<f32>(b), load<f32>(c), load<f32>(d));
}

/** Finds the ranges of the four rows at these addresses. */
// @ts-ignore: decorator
@inline
export function bindFullRanges(a: usize, b: usize, c: usize, d: usize, dim: u32): void {
  let least = column(a, b, c, d);
  let greatest = least;
  let at: usize = 0;
  const end = <usize>dim << 2;
  if (dim >= 4) {
    let leastA = v128.load(a);
    let leastB = v128.load(b);
    let leastC = v128.load(c);
    let leastD = v128.load(d);
    let greatestA = leastA;
    let greatestB = leastB;
    let greatestC = leastC;
    let greatestD = leastD;
    for (at = 16; at + 16 <= end; at += 16) {
      const valueA = v128.load(a + at);
      leastA = v128.pmin<f32>(leastA, valueA);
      greatestA = v128.pmax<f32>(greatestA, valueA);
      const valueB = v128.load(b + at);
      leastB = v128.pmin<f32>(leastB, valueB);
      greatestB = v128.pmax<f32>(greatestB, valueB);
      const valueC = v128.load(c + at);
      leastC = v128.pmin<f32>(leastC, valueC);
      greatestC = v128.pmax<f32>(greatestC, valueC);
      const valueD = v128.load(d + at);
      leastD = v128.pmin<f32>(leastD, valueD);
      greatestD = v128.pmax<f32>(greatestD, valueD);
    }
    least = leastOfLanes(leastA, leastB, leastC, leastD);
    greatest = greatestOfLanes(greatestA, greatestB, greatestC, greatestD);
    // Of a least zero the sign is that of the row's first one, which its lanes do not know.
    if (v128.any_true(v128.eq<f32>(least, f32x4.splat(0)))) {
      least = column(a, b, c, d);
      greatest = least;
      at = 0;
    }
  }
  for (; at < end; at += 4) {
    const values = column(a + at, b + at, c + at, d + at);
    least = v128.pmin<f32>(least, values);
    greatest = v128.pmax<f32>(greatest, values);
  }
  leastValues = least;
  greatestValues = greatest;
}

let lastTouched: u32 = 0;

/**
 * Loads something of every line of the cache, in order: four rows at once look to a processor like no order at all, and it
 * fetches nothing ahead. A sixth of the time, of rows that are in no cache.
 */
// @ts-ignore: decorator
@inline
function touchLines(from: usize, end: usize): void {
  let touched: u32 = 0;
  for (; from < end; from += 64) touched ^= load<u32>(from);
  // Loads whose result nobody uses would be left out by the compiler.
  lastTouched = touched;
}

/** codes (count, dim), one a byte, scales and biases (count, fp32, numbers of `sideBytes` bytes) of values (count, dim). */
export function quantizeMinMax(
  values: usize, count: u32, dim: u32, bits: u32, sideBytes: u32, codes: usize, scales: usize, biases: usize,
): void {
  const bytes = dim << 2;
  const last = count - 1;
  for (let a: u32 = 0; a < count; a += 4) {
    // Lanes that are left over at the end do the last row again.
    const b = min<u32>(a + 1, last);
    const c = min<u32>(a + 2, last);
    const d = min<u32>(a + 3, last);
    touchLines(values + a * bytes, values + (d + 1) * bytes);
    bindFullRanges(values + a * bytes, values + b * bytes, values + c * bytes, values + d * bytes, dim);
    bindMinMaxGrids(leastValues, greatestValues, bits, sideBytes == 2);
    const isRoundable = areRoundable(leastValues, greatestValues);
    storeFour(values, dim, bits, isRoundable, a, b, c, d, codes, scales, biases);
  }
}
