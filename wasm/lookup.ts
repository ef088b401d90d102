// The dequantizing lookup: packed rows of a quantized table, summed into fp32. Specification: src/kernels/reference-lookup.ts.
//
// Four codes at a time. Of 4 or 2 bits, all lanes get the same bytes and each keeps the bits of its code where they are: code ·
// 16^lane or 4^lane, which a scale divided by that power of two takes back exactly, instead of a shift for every lane.
import { fromHalf, fromHalves } from './half';

/**
 * Rows of a large table are nowhere in the caches. So many of them are touched in a row, before they are needed: their ways
 * from memory overlap, where a row's arithmetic in between would keep the processor from seeing the next one.
 */
const AHEAD: u32 = 16;
let lastTouched: u32 = 0;

/** Loads whose result nobody uses would be left out by the compiler. */
// @ts-ignore: decorator
@inline
function keepLoads(touched: u32): void {
  lastTouched = touched;
}

/** Scale, bias or value of a codebook. */
// @ts-ignore: decorator
@inline
function side(at: usize, sideBytes: u32): f32 {
  return sideBytes == 2 ? fromHalf(load<u16>(at)) : load<f32>(at);
}

/** Codes j … j + 3 as whole numbers, of 4 and 2 bits in their places. */
// @ts-ignore: decorator
@inline
function fourCodes(codes: usize, j: u32, bits: u32): v128 {
  if (bits == 8) return v128.extend_low<u16>(v128.extend_low<u8>(v128.load_zero<u32>(codes + j)));
  if (bits == 4) return v128.and(i32x4.splat(load<u16>(codes + (j >> 1))), i32x4(0xf, 0xf0, 0xf00, 0xf000));
  return v128.and(i32x4.splat(load<u8>(codes + (j >> 2))), i32x4(3, 3 << 2, 3 << 4, 3 << 6));
}

/** What a code in its place is divided by, lane by lane. */
// @ts-ignore: decorator
@inline
function places(bits: u32): v128 {
  if (bits == 8) return f32x4(1, 1, 1, 1);
  if (bits == 4) return f32x4(1, 0.0625, 0.00390625, 0.000244140625);
  return f32x4(1, 0.25, 0.0625, 0.015625);
}

// @ts-ignore: decorator
@inline
function oneCode(codes: usize, j: u32, bits: u32): u32 {
  const bit = j * bits;
  return (load<u8>(codes + (bit >> 3)) >> (bit & 7)) & ((1 << bits) - 1);
}

/**
 * sum (D) = what `kept` keeps of it + the row. Of a scale in half precision the product has at most 19 digits and is exact in
 * fp32, so that only the addition rounds; the bias −scale · origin has at most 20.
 */
// @ts-ignore: decorator
@inline
function addHalves(codes: usize, scale: f32, bias: f32, bits: u32, dim: u32, kept: v128, sum: usize): void {
  const scales = v128.mul<f32>(places(bits), v128.splat<f32>(scale));
  const biases = v128.splat<f32>(bias);
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4, sum += 16) {
    const product = v128.mul<f32>(scales, v128.convert<i32>(fourCodes(codes, j, bits)));
    v128.store(sum, v128.add<f32>(v128.and(v128.load(sum), kept), v128.add<f32>(product, biases)));
  }
  const keeps = v128.any_true(kept);
  for (; j < dim; j++, sum += 4) {
    const value = scale * <f32>oneCode(codes, j, bits) + bias;
    store<f32>(sum, (keeps ? load<f32>(sum) : 0) + value);
  }
}

/** The same of a scale in fp32: in float64, where the product is exact, and rounded to fp32 once. */
// @ts-ignore: decorator
@inline
function addSingles(codes: usize, scale: f64, bias: f64, bits: u32, dim: u32, kept: v128, sum: usize): void {
  const powers = places(bits);
  const lowScales = v128.mul<f64>(f64x2.promote_low_f32x4(powers), v128.splat<f64>(scale));
  const highScales = v128.mul<f64>(f64x2.promote_low_f32x4(highHalf(powers)), v128.splat<f64>(scale));
  const biases = v128.splat<f64>(bias);
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4, sum += 16) {
    const four = fourCodes(codes, j, bits);
    const low = v128.mul<f64>(lowScales, f64x2.convert_low_i32x4_s(four));
    const high = v128.mul<f64>(highScales, f64x2.convert_low_i32x4_s(highHalf(four)));
    const value = v128.shuffle<u64>(
      f32x4.demote_f64x2_zero(v128.add<f64>(low, biases)), f32x4.demote_f64x2_zero(v128.add<f64>(high, biases)), 0, 2,
    );
    v128.store(sum, v128.add<f32>(v128.and(v128.load(sum), kept), value));
  }
  const keeps = v128.any_true(kept);
  for (; j < dim; j++, sum += 4) {
    const value = <f32>(scale * <f64>oneCode(codes, j, bits) + bias);
    store<f32>(sum, (keeps ? load<f32>(sum) : 0) + value);
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
  codes: usize, scale: f32, biasAt: usize, origin: f32, sideBytes: u32, bits: u32, dim: u32, kept: v128, sum: usize,
): void {
  if (sideBytes == 2) {
    const bias = biasAt ? fromHalf(load<u16>(biasAt)) : -scale * origin;
    if (bits == 8) addHalves(codes, scale, bias, 8, dim, kept, sum);
    else if (bits == 4) addHalves(codes, scale, bias, 4, dim, kept, sum);
    else addHalves(codes, scale, bias, 2, dim, kept, sum);
  } else {
    const bias: f64 = biasAt ? <f64>load<f32>(biasAt) : -<f64>scale * <f64>origin;
    if (bits == 8) addSingles(codes, <f64>scale, bias, 8, dim, kept, sum);
    else if (bits == 4) addSingles(codes, <f64>scale, bias, 4, dim, kept, sum);
    else addSingles(codes, <f64>scale, bias, 2, dim, kept, sum);
  }
}

export function lookupAffine(
  codes: usize, codeStride: u32, scales: usize, biases: usize, sideStride: u32, sideBytes: u32, origin: f32,
  bits: u32, dim: u32, rows: usize, offsets: usize, segments: u32, out: usize,
): void {
  const lastByte = ((dim * bits + 7) >> 3) - 1;
  const all = offsets ? load<u32>(offsets + (segments << 2)) : segments;
  let fetched: u32 = 0;
  for (let s: u32 = 0; s < segments; s++, out += dim << 2) {
    let k = offsets ? load<u32>(offsets + (s << 2)) : s;
    const end = offsets ? load<u32>(offsets + (s << 2), 4) : s + 1;
    if (k == end) memory.fill(out, 0, dim << 2);
    for (let kept = i32x4.splat(0); k < end; k++, kept = i32x4.splat(-1)) {
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
      addAffine(codes + row * codeStride, scale, biasAt, origin, sideBytes, bits, dim, kept, out);
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

/** sum (D) = what is kept of it + the row. */
// @ts-ignore: decorator
@inline
function addFromCodebook(codes: usize, codebook: usize, sideBytes: u32, bits: u32, dim: u32, kept: v128, sum: usize): void {
  let j: u32 = 0;
  for (; j + 4 <= dim; j += 4, sum += 16) {
    const four = fourOfCodebook(codes, j, codebook, sideBytes, bits);
    v128.store(sum, v128.add<f32>(v128.and(v128.load(sum), kept), four));
  }
  const keeps = v128.any_true(kept);
  for (; j < dim; j++, sum += 4) {
    const value = side(codebook + oneCode(codes, j, bits) * sideBytes, sideBytes);
    store<f32>(sum, (keeps ? load<f32>(sum) : 0) + value);
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
    if (k == end) memory.fill(out, 0, dim << 2);
    for (let kept = i32x4.splat(0); k < end; k++, kept = i32x4.splat(-1)) {
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
      if (sideBytes == 2) addFromCodebook(from, codebook, 2, bits, dim, kept, out);
      else addFromCodebook(from, codebook, 4, bits, dim, kept, out);
    }
  }
}
