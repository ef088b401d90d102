// Philox 4×32-10 (four blocks at a time), uniforms for rounding, initial deviates and dropout masks. Specification: src/random/,
// src/kernels/reference-random.ts.
import { dim, initialScale, offsets, onesFrom, seedHigh, seedLow, tableNumber, vocabularyOf, workNoise } from './table';

/** Low halves of the products of four pairs: lanes 0 and 2 of each 64-bit product. */
// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 1, 3, 5, 7);
}

/** Four blocks of four words at `out`: those of the counters (c0, c1, c2, c3), (c0, c1, c2, c3 + 1), … */
export function philox4(out: usize, k0: u32, k1: u32, c0: u32, c1: u32, c2: u32, c3: u32): void {
  const multiplier0 = v128.splat<u32>(0xd2511f53);
  const multiplier1 = v128.splat<u32>(0xcd9e8d57);
  let x0 = v128.splat<u32>(c0);
  let x1 = v128.splat<u32>(c1);
  let x2 = v128.splat<u32>(c2);
  let x3 = v128.add<u32>(v128.splat<u32>(c3), i32x4(0, 1, 2, 3));
  for (let round = 0; round < 10; round++) {
    const p0 = v128.extmul_low<u32>(x0, multiplier0);
    const q0 = v128.extmul_high<u32>(x0, multiplier0);
    const p1 = v128.extmul_low<u32>(x2, multiplier1);
    const q1 = v128.extmul_high<u32>(x2, multiplier1);
    x0 = v128.xor(v128.xor(high(p1, q1), x1), v128.splat<u32>(k0));
    x1 = low(p1, q1);
    x2 = v128.xor(v128.xor(high(p0, q0), x3), v128.splat<u32>(k1));
    x3 = low(p0, q0);
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  // Lane b of x_w is word w of block b: transposed, a block's words lie together.
  const a = v128.shuffle<u32>(x0, x1, 0, 4, 1, 5);
  const b = v128.shuffle<u32>(x2, x3, 0, 4, 1, 5);
  const c = v128.shuffle<u32>(x0, x1, 2, 6, 3, 7);
  const d = v128.shuffle<u32>(x2, x3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<u64>(a, b, 0, 2), 0);
  v128.store(out, v128.shuffle<u64>(a, b, 1, 3), 16);
  v128.store(out, v128.shuffle<u64>(c, d, 0, 2), 32);
  v128.store(out, v128.shuffle<u64>(c, d, 1, 3), 48);
}

/** Turns four words at `at` into uniforms (k + ½)·2^−23, k the high 23 bits. */
// @ts-ignore: decorator
@inline
export function toUniforms(at: usize): v128 {
  const k = v128.shr<u32>(v128.load(at), 9);
  return v128.mul<f32>(
    v128.add<f32>(v128.convert<i32>(k), v128.splat<f32>(0.5)),
    v128.splat<f32>(1.1920928955078125e-7),
  );
}

/** `width` random words of `row` at `step`, and up to 15 more: ceil16(width) of them in workNoise. */
export function drawWords(row: u32, step: u32, stream: u32, width: u32): void {
  const vocabulary = vocabularyOf(row);
  const id = row - load<u32>(offsets + (vocabulary << 2));
  const table = (tableNumber << 16) | vocabulary;
  for (let j: u32 = 0; j < width; j += 16) {
    philox4(workNoise + (j << 2), seedLow, seedHigh, step, table, id, (stream << 16) | (j >> 2));
  }
}

/** The rounding uniforms of `row` at `step`: ceil16(D) floats in workNoise. */
export function drawUniforms(row: u32, step: u32, stream: u32): void {
  drawWords(row, step, stream, dim);
  for (let j: u32 = 0; j < dim; j += 4) {
    const at = workNoise + (j << 2);
    v128.store(at, toUniforms(at));
  }
}

/** The one uniform of `row` at `step`; workNoise is overwritten. */
export function drawUniform(row: u32, step: u32, stream: u32): f32 {
  drawWords(row, step, stream, 1);
  return v128.extract_lane<f32>(toUniforms(workNoise), 0);
}

/**
 * The initial values of `row`: D floats at `out`, deviates around 0 or 1. Each is a scaled sum of four 16-bit uniforms (two elements a
 * block), so that no transcendental function has to agree between machines.
 */
export function drawInitial(row: u32, out: usize): void {
  const vocabulary = vocabularyOf(row);
  const id = row - load<u32>(offsets + (vocabulary << 2));
  const table = (tableNumber << 16) | vocabulary;
  // Adding −0 changes no bit.
  const mean: f32 = row >= onesFrom ? 1 : -0.0;
  for (let j: u32 = 0; j < dim; j += 8) {
    philox4(workNoise, seedLow, seedHigh, 0, table, id, j >> 1);
    storeDeviates(workNoise, out, j, mean);
    if (j + 4 < dim) storeDeviates(workNoise + 32, out, j + 4, mean);
  }
}

/** Deviates j … j + 3, as far as there are, from eight words. */
function storeDeviates(words: usize, out: usize, j: u32, mean: f32): void {
  // Each word to the sum of its halves, then neighbours added: lanes 0, 2, 4, 6 to lanes 1, 3, 5, 7.
  const a = v128.extadd_pairwise<u16>(v128.load(words));
  const b = v128.extadd_pairwise<u16>(v128.load(words, 16));
  const sum = v128.sub<i32>(v128.add<i32>(low(a, b), high(a, b)), v128.splat<i32>(131070));
  const scaled = v128.mul<f32>(v128.convert<i32>(sum), v128.splat<f32>(initialScale));
  const deviates = v128.add<f32>(scaled, v128.splat<f32>(mean));
  if (j + 4 <= dim) v128.store(out + (j << 2), deviates);
  else {
    v128.store(words, deviates);
    for (let e: u32 = 0; j + e < dim; e++) store<f32>(out + ((j + e) << 2), load<f32>(words + (e << 2)));
  }
}

/**
 * Dropout masks (rows, width) at `out`: `scale` where the uniform is below `keep`, else 0.
 * `work` is 64 bytes; row r of the block is row `firstBatchRow + r` of the batch.
 */
export function dropoutMask(
  out: usize, work: usize, rows: u32, width: u32, firstBatchRow: u32,
  keyLow: u32, keyHigh: u32, step: u32, layer: u32, stream: u32, keep: f32, scale: f32,
): void {
  for (let r: u32 = 0; r < rows; r++) {
    const line = out + ((r * width) << 2);
    for (let j: u32 = 0; j < width; j += 16) {
      philox4(work, keyLow, keyHigh, step, layer, firstBatchRow + r, (stream << 16) | (j >> 2));
      for (let k: u32 = 0; k < 16 && j + k < width; k += 4) {
        const mask = v128.and(
          v128.lt<f32>(toUniforms(work + (k << 2)), v128.splat<f32>(keep)),
          v128.splat<f32>(scale),
        );
        const at = line + ((j + k) << 2);
        if (j + k + 4 <= width) v128.store(at, mask);
        else {
          v128.store(work, mask);
          for (let e: u32 = 0; j + k + e < width; e++) store<f32>(at + (e << 2), load<f32>(work + (e << 2)));
        }
      }
    }
  }
}
