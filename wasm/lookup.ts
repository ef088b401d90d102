// The dequantizing lookup: packed rows of a quantized table, summed into fp32. Specification: src/kernels/reference-lookup.ts.
//
// Sixteen codes at a time. Of 4 or 2 bits, two or four bytes get the bits of their codes and each keeps its own where they are: code ·
// 16 or 4, 16, 64, which a scale divided by that power of two takes back exactly, instead of a shift for every lane.
import { fromHalf, fromHalves } from './half';
import { keepLoads } from './lines';

/**
 * Rows of a large table are nowhere in the caches. So many of them are touched in a row, before they are needed: their ways
 * from memory overlap, where a row's arithmetic in between would keep the processor from seeing the next one.
 */
export const AHEAD: u32 = 32;

// @ts-ignore: decorator
@inline
function setZero(sum: usize, dim: u32): void {
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4, sum += 16) v128.store(sum, i32x4.splat(0));
  for (; j < dim; j++, sum += 4) store<f32>(sum, 0);
}

/** Scale, bias or value of a codebook. */
// @ts-ignore: decorator
@inline
export function side(at: usize, sideBytes: u32): f32 {
  return sideBytes == 2 ? fromHalf(load<u16>(at)) : load<f32>(at);
}

/** Sixteen codes as bytes, of 4 and 2 bits in their places within the byte. `mask` keeps of each byte the code of its lane. */
// @ts-ignore: decorator
@inline
export function sixteenCodes(at: usize, bits: u32, mask: v128): v128 {
  if (bits == 8) return v128.load(at);
  if (bits == 4) {
    const bytes = v128.load_zero<u64>(at);
    return v128.and(mask, v128.shuffle<u8>(bytes, bytes, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7));
  }
  const bytes = v128.load_zero<u32>(at);
  return v128.and(mask, v128.shuffle<u8>(bytes, bytes, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
}

// @ts-ignore: decorator
@inline
export function maskOf(bits: u32): v128 {
  if (bits == 8) return i32x4.splat(-1);
  return i32x4.splat(bits == 4 ? 0xf00ff00f : 0xc0300c03);
}

/** What a code in its place is divided by, lane by lane. */
// @ts-ignore: decorator
@inline
export function places(bits: u32): v128 {
  if (bits == 8) return f32x4(1, 1, 1, 1);
  if (bits == 4) return f32x4(1, 0.0625, 1, 0.0625);
  return f32x4(1, 0.25, 0.0625, 0.015625);
}

// @ts-ignore: decorator
@inline
export function oneCode(codes: usize, j: u32, bits: u32): u32 {
  const bit = j * bits;
  return (load<u8>(codes + (bit >> 3)) >> (bit & 7)) & ((1 << bits) - 1);
}

// @ts-ignore: decorator
@inline
function addFourHalves(codes: v128, scales: v128, biases: v128, sum: usize, offset: usize): void {
  const value = v128.add<f32>(v128.mul<f32>(scales, v128.convert<i32>(codes)), biases);
  v128.store(sum + offset, v128.add<f32>(v128.load(sum + offset), value));
}

/**
 * sum (D) += the row. Of a scale in half precision the product has at most 19 digits and is exact in fp32, so that only the addition
 * rounds; the bias −scale · origin has at most 20.
 */
// @ts-ignore: decorator
@inline
function addHalves(codes: usize, scale: f32, bias: f32, bits: u32, dim: u32, mask: v128, sum: usize): void {
  const scales = v128.mul<f32>(places(bits), v128.splat<f32>(scale));
  const biases = v128.splat<f32>(bias);
  let j: u32 = 0;
  for (; j + 16 <= dim; j += 16, sum += 64, codes += 2 * bits) {
    const bytes = sixteenCodes(codes, bits, mask);
    const low = v128.extend_low<u8>(bytes);
    const high = v128.extend_high<u8>(bytes);
    addFourHalves(v128.extend_low<u16>(low), scales, biases, sum, 0);
    addFourHalves(v128.extend_high<u16>(low), scales, biases, sum, 16);
    addFourHalves(v128.extend_low<u16>(high), scales, biases, sum, 32);
    addFourHalves(v128.extend_high<u16>(high), scales, biases, sum, 48);
  }
  for (let k: u32 = 0; j < dim; j++, k++, sum += 4) {
    store<f32>(sum, load<f32>(sum) + (scale * <f32>oneCode(codes, k, bits) + bias));
  }
}

// @ts-ignore: decorator
@inline
function addFourSingles(
  codes: v128, lowScales: v128, highScales: v128, biases: v128, sum: usize, offset: usize,
): void {
  const low = v128.mul<f64>(lowScales, f64x2.convert_low_i32x4_s(codes));
  const high = v128.mul<f64>(highScales, f64x2.convert_low_i32x4_s(highHalf(codes)));
  const value = v128.shuffle<u64>(
    f32x4.demote_f64x2_zero(v128.add<f64>(low, biases)), f32x4.demote_f64x2_zero(v128.add<f64>(high, biases)), 0, 2,
  );
  v128.store(sum + offset, v128.add<f32>(v128.load(sum + offset), value));
}

/** The same of a scale in fp32: in float64, where the product is exact, and rounded to fp32 once. */
// @ts-ignore: decorator
@inline
function addSingles(codes: usize, scale: f64, bias: f64, bits: u32, dim: u32, mask: v128, sum: usize): void {
  const powers = places(bits);
  const lowScales = v128.mul<f64>(f64x2.promote_low_f32x4(powers), v128.splat<f64>(scale));
  const highScales = v128.mul<f64>(f64x2.promote_low_f32x4(highHalf(powers)), v128.splat<f64>(scale));
  const biases = v128.splat<f64>(bias);
  let j: u32 = 0;
  for (; j + 16 <= dim; j += 16, sum += 64, codes += 2 * bits) {
    const bytes = sixteenCodes(codes, bits, mask);
    const low = v128.extend_low<u8>(bytes);
    const high = v128.extend_high<u8>(bytes);
    addFourSingles(v128.extend_low<u16>(low), lowScales, highScales, biases, sum, 0);
    addFourSingles(v128.extend_high<u16>(low), lowScales, highScales, biases, sum, 16);
    addFourSingles(v128.extend_low<u16>(high), lowScales, highScales, biases, sum, 32);
    addFourSingles(v128.extend_high<u16>(high), lowScales, highScales, biases, sum, 48);
  }
  for (let k: u32 = 0; j < dim; j++, k++, sum += 4) {
    store<f32>(sum, load<f32>(sum) + <f32>(scale * <f64>oneCode(codes, k, bits) + bias));
  }
}

/** Lanes 2 and 3, in the places of 0 and 1. */
// @ts-ignore: decorator
@inline
function highHalf(lanes: v128): v128 {
  return v128.shuffle<u64>(lanes, lanes, 1, 1);
}

// @ts-ignore: decorator
@inline
function addAffine(
  codes: usize, scale: f32, biasAt: usize, origin: f32, sideBytes: u32, bits: u32, dim: u32, mask: v128, sum: usize,
): void {
  if (sideBytes == 2) {
    const bias = biasAt ? fromHalf(load<u16>(biasAt)) : -scale * origin;
    if (bits == 8) addHalves(codes, scale, bias, 8, dim, mask, sum);
    else if (bits == 4) addHalves(codes, scale, bias, 4, dim, mask, sum);
    else addHalves(codes, scale, bias, 2, dim, mask, sum);
  } else {
    const bias: f64 = biasAt ? <f64>load<f32>(biasAt) : -<f64>scale * <f64>origin;
    if (bits == 8) addSingles(codes, <f64>scale, bias, 8, dim, mask, sum);
    else if (bits == 4) addSingles(codes, <f64>scale, bias, 4, dim, mask, sum);
    else addSingles(codes, <f64>scale, bias, 2, dim, mask, sum);
  }
}

export function lookupAffine(
  codes: usize, codeStride: u32, scales: usize, biases: usize, sideStride: u32, sideBytes: u32, origin: f32,
  bits: u32, dim: u32, rows: usize, offsets: usize, segments: u32, out: usize,
): void {
  const lastByte = ((dim * bits + 7) >> 3) - 1;
  const mask = maskOf(bits);
  const all = offsets ? load<u32>(offsets + (segments << 2)) : segments;
  let fetched: u32 = 0;
  for (let s: u32 = 0; s < segments; s++, out += dim << 2) {
    let k = offsets ? load<u32>(offsets + (s << 2)) : s;
    const end = offsets ? load<u32>(offsets + (s << 2), 4) : s + 1;
    setZero(out, dim);
    for (; k < end; k++) {
      if (k >= fetched) {
        fetched = min<u32>(all, k + AHEAD);
        let touched: u32 = 0;
        for (let ahead = k; ahead < fetched; ahead++) {
          const row: usize = load<u32>(rows + (ahead << 2));
          touched ^= load<u8>(codes + row * codeStride) ^ load<u8>(codes + row * codeStride + lastByte);
          touched ^= load<u8>(scales + row * sideStride);
          if (biases) touched ^= load<u8>(biases + row * sideStride);
        }
        keepLoads(touched);
      }
      const row: usize = load<u32>(rows + (k << 2));
      const scale = side(scales + row * sideStride, sideBytes);
      const biasAt = biases ? biases + row * sideStride : 0;
      addAffine(codes + row * codeStride, scale, biasAt, origin, sideBytes, bits, dim, mask, out);
    }
  }
}

/** The codebook of a row. */
// @ts-ignore: decorator
@inline
function clusterOf(row: usize, clusters: usize, clusterBytes: u32): usize {
  if (clusterBytes == 0) return row;
  if (clusterBytes == 1) return load<u8>(clusters + row);
  return clusterBytes == 2 ? load<u16>(clusters + (row << 1)) : load<u32>(clusters + (row << 2));
}

/** codebook[codes j … j + 3]. */
// @ts-ignore: decorator
@inline
function fourOfCodebook(codes: usize, j: u32, codebook: usize, sideBytes: u32, bits: u32): v128 {
  const word = bits == 8 ? load<u32>(codes + j) : bits == 4 ? load<u16>(codes + (j >> 1)) : load<u8>(codes + (j >> 2));
  const mask: u32 = (1 << bits) - 1;
  const c0: usize = word & mask;
  const c1: usize = (word >> bits) & mask;
  const c2: usize = (word >> (2 * bits)) & mask;
  const c3: usize = (word >> (3 * bits)) & mask;
  let four: v128;
  if (sideBytes == 4) {
    four = v128.load_zero<u32>(codebook + (c0 << 2));
    four = v128.load_lane<u32>(codebook + (c1 << 2), four, 1);
    four = v128.load_lane<u32>(codebook + (c2 << 2), four, 2);
    return v128.load_lane<u32>(codebook + (c3 << 2), four, 3);
  }
  four = i32x4.splat(load<u16>(codebook + (c0 << 1)));
  four = v128.replace_lane<i32>(four, 1, load<u16>(codebook + (c1 << 1)));
  four = v128.replace_lane<i32>(four, 2, load<u16>(codebook + (c2 << 1)));
  return fromHalves(v128.replace_lane<i32>(four, 3, load<u16>(codebook + (c3 << 1))));
}

/** sum (D) += the row. */
// @ts-ignore: decorator
@inline
function addFromCodebook(codes: usize, codebook: usize, sideBytes: u32, bits: u32, dim: u32, sum: usize): void {
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4, sum += 16) {
    const four = fourOfCodebook(codes, j, codebook, sideBytes, bits);
    v128.store(sum, v128.add<f32>(v128.load(sum), four));
  }
  for (; j < dim; j++, sum += 4) {
    const value = side(codebook + oneCode(codes, j, bits) * sideBytes, sideBytes);
    store<f32>(sum, load<f32>(sum) + value);
  }
}

export function lookupCodebook(
  codes: usize, codeStride: u32, codebooks: usize, sideBytes: u32, clusters: usize, clusterBytes: u32,
  bits: u32, dim: u32, rows: usize, offsets: usize, segments: u32, out: usize,
): void {
  const lastByte = ((dim * bits + 7) >> 3) - 1;
  const codebookBytes = sideBytes << bits;
  const all = offsets ? load<u32>(offsets + (segments << 2)) : segments;
  let fetched: u32 = 0;
  for (let s: u32 = 0; s < segments; s++, out += dim << 2) {
    let k = offsets ? load<u32>(offsets + (s << 2)) : s;
    const end = offsets ? load<u32>(offsets + (s << 2), 4) : s + 1;
    setZero(out, dim);
    for (; k < end; k++) {
      if (k >= fetched) {
        fetched = min<u32>(all, k + AHEAD);
        let touched: u32 = 0;
        for (let ahead = k; ahead < fetched; ahead++) {
          const row: usize = load<u32>(rows + (ahead << 2));
          touched ^= load<u8>(codes + row * codeStride) ^ load<u8>(codes + row * codeStride + lastByte);
          touched ^= load<u8>(codebooks + clusterOf(row, clusters, clusterBytes) * codebookBytes);
        }
        keepLoads(touched);
      }
      const row: usize = load<u32>(rows + (k << 2));
      const from = codes + row * codeStride;
      const codebook = codebooks + clusterOf(row, clusters, clusterBytes) * codebookBytes;
      if (sideBytes == 2) addFromCodebook(from, codebook, 2, bits, dim, out);
      else addFromCodebook(from, codebook, 4, bits, dim, out);
    }
  }
}
