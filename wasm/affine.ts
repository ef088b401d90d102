// Rows on their grids, four rows in the four lanes: scale, bias and factor of their ranges. And the codes of one row, which
// needs no other. Specification: src/posttraining/affine-row.ts,
// min-max.ts.
import { convertedHalves } from './half';

/** The grids of four rows, as `bindGrids` leaves them. */
export let gridScales: v128 = i32x4.splat(0);
export let gridBiases: v128 = i32x4.splat(0);
export let gridInverses: v128 = i32x4.splat(0);

const EPSILON: f32 = 1e-8;
/** 1.5 · 2^23. Added to a float below 2^22 it rounds that half to even; the whole number is then in the last bits. */
const ROUNDER: f32 = 12582912;
const MOST_ROUNDED: f32 = 4194304;

// @ts-ignore: decorator
@inline
function highestCode(bits: u32): f32 {
  return <f32>((1 << bits) - 1);
}

/**
 * The rounder in all lanes. Of `bits` it takes nothing, but a compiler cannot know: a constant it would make anew for every four
 * values, by more instructions than it takes to round them.
 */
// @ts-ignore: decorator
@inline
export function rounders(bits: u32): v128 {
  return i32x4.splat(reinterpret<u32>(ROUNDER) | (bits >> 16));
}

/** Takes up the grids of four ranges. */
// @ts-ignore: decorator
@inline
export function bindGrids(least: v128, most: v128, bits: u32, isHalf: bool): void {
  const highest = f32x4.splat(highestCode(bits));
  const bias = isHalf ? convertedHalves(least) : least;
  const exact = v128.div<f32>(v128.sub<f32>(most, bias), highest);
  const scale = isHalf ? convertedHalves(exact) : exact;
  const one = f32x4.splat(1);
  const inverse = v128.div<f32>(one, scale);
  // An infinite inverse is that of a scale of 0, or of one whose inverse fp32 does not have.
  const isUsable = v128.lt<f32>(v128.abs<f32>(inverse), f32x4.splat(Infinity));
  gridScales = v128.bitselect(scale, one, isUsable);
  gridBiases = bias;
  gridInverses = v128.bitselect(inverse, one, isUsable);
}

/** The same of rows' whole ranges, in which 8 bits and fp32 have an arithmetic of their own. */
// @ts-ignore: decorator
@inline
export function bindMinMaxGrids(least: v128, most: v128, bits: u32, isHalf: bool): void {
  if (bits != 8 || isHalf) {
    bindGrids(least, most, bits, isHalf);
    return;
  }
  const width = v128.sub<f32>(most, least);
  gridScales = v128.div<f32>(width, f32x4.splat(255));
  gridBiases = least;
  gridInverses = v128.div<f32>(f32x4.splat(255), v128.add<f32>(width, f32x4.splat(EPSILON)));
}

/** Whether values from `least` to `most`, lane by lane, may be rounded by the rounder. False where one is not a number. */
// @ts-ignore: decorator
@inline
export function areRoundable(least: v128, most: v128): bool {
  const limit = f32x4.splat(MOST_ROUNDED);
  const lowest = v128.mul<f32>(v128.sub<f32>(least, gridBiases), gridInverses);
  const highest = v128.mul<f32>(v128.sub<f32>(most, gridBiases), gridInverses);
  return v128.all_true<i32>(
    v128.and(v128.lt<f32>(v128.abs<f32>(lowest), limit), v128.lt<f32>(v128.abs<f32>(highest), limit)),
  );
}

/** The code of one value. */
// @ts-ignore: decorator
@inline
function codeOf(value: f32, bias: f32, inverse: f32, highest: f32): u32 {
  // In this order a NaN, of a grid that may not be stored, is code 0.
  const code = nearest<f32>((value - bias) * inverse);
  return code > 0 ? <u32>(code < highest ? code : highest) : 0;
}

/** Four values at `from` as whole numbers around 0 … highest, which saturate to the codes when they become bytes. */
// @ts-ignore: decorator
@inline
function wholeNumbers(from: usize, biases: v128, inverses: v128, rounder: v128): v128 {
  const scaled = v128.mul<f32>(v128.sub<f32>(v128.load(from), biases), inverses);
  return v128.sub<i32>(v128.add<f32>(scaled, rounder), rounder);
}

/** codes (dim), one a byte, of a row's values. `isRoundable`: see areRoundable. */
export function storeCodes(
  values: usize, dim: u32, bits: u32, bias: f32, inverse: f32, isRoundable: bool, codes: usize,
): void {
  let j: u32 = 0;
  if (isRoundable) {
    const biases = f32x4.splat(bias);
    const inverses = f32x4.splat(inverse);
    const rounder = rounders(bits);
    const limit = i8x16.splat(<i8>(255 >> (8 - bits)));
    for (; j + 16 <= dim; j += 16) {
      const from = values + (j << 2);
      const low = v128.narrow<i32>(
        wholeNumbers(from, biases, inverses, rounder), wholeNumbers(from + 16, biases, inverses, rounder),
      );
      const high = v128.narrow<i32>(
        wholeNumbers(from + 32, biases, inverses, rounder), wholeNumbers(from + 48, biases, inverses, rounder),
      );
      v128.store(codes + j, v128.min<u8>(v128.narrow<u16>(low, high), limit));
    }
    for (; j + 4 <= dim; j += 4) {
      const words = v128.narrow<i32>(wholeNumbers(values + (j << 2), biases, inverses, rounder), i32x4.splat(0));
      v128.store_lane<u32>(codes + j, v128.min<u8>(v128.narrow<u16>(words, words), limit), 0);
    }
  }
  const highest = highestCode(bits);
  for (; j < dim; j++) store<u8>(codes + j, codeOf(load<f32>(values + (j << 2)), bias, inverse, highest));
}

/** Stores grids and codes of rows a, b, c, d of a block, whose grids have been taken up; rows may be the same. */
// @ts-ignore: decorator
@inline
export function storeFour(
  values: usize, dim: u32, bits: u32, isRoundable: bool, a: u32, b: u32, c: u32, d: u32,
  codes: usize, scales: usize, biases: usize,
): void {
  const inverses = gridInverses;
  const bias = gridBiases;
  v128.store_lane<u32>(scales + (a << 2), gridScales, 0);
  v128.store_lane<u32>(scales + (b << 2), gridScales, 1);
  v128.store_lane<u32>(scales + (c << 2), gridScales, 2);
  v128.store_lane<u32>(scales + (d << 2), gridScales, 3);
  v128.store_lane<u32>(biases + (a << 2), bias, 0);
  v128.store_lane<u32>(biases + (b << 2), bias, 1);
  v128.store_lane<u32>(biases + (c << 2), bias, 2);
  v128.store_lane<u32>(biases + (d << 2), bias, 3);
  const bytes = dim << 2;
  storeCodes(values + a * bytes, dim, bits, f32x4.extract_lane(bias, 0), f32x4.extract_lane(inverses, 0), isRoundable, codes + a * dim);
  storeCodes(values + b * bytes, dim, bits, f32x4.extract_lane(bias, 1), f32x4.extract_lane(inverses, 1), isRoundable, codes + b * dim);
  storeCodes(values + c * bytes, dim, bits, f32x4.extract_lane(bias, 2), f32x4.extract_lane(inverses, 2), isRoundable, codes + c * dim);
  storeCodes(values + d * bytes, dim, bits, f32x4.extract_lane(bias, 3), f32x4.extract_lane(inverses, 3), isRoundable, codes + d * dim);
}
