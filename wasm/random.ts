// Philox 4×32-10, uniforms for rounding, initial deviates and dropout masks. Specification: src/random/,
// src/kernels/reference-random.ts.
import { dim, initialScale, offsets, seedHigh, seedLow, tableNumber, vocabularyOf, workNoise } from './table';

/** Four words at `out`. */
export function philox(out: usize, k0: u32, k1: u32, c0: u32, c1: u32, c2: u32, c3: u32): void {
  for (let round = 0; round < 10; round++) {
    const p0 = <u64>c0 * 0xd2511f53;
    const p1 = <u64>c2 * 0xcd9e8d57;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  store<u32>(out, c0, 0);
  store<u32>(out, c1, 4);
  store<u32>(out, c2, 8);
  store<u32>(out, c3, 12);
}

/** Turns four words at `at` into uniforms (k + ½)·2^−23, k the high 23 bits. */
// @ts-ignore: decorator
@inline
function toUniforms(at: usize): v128 {
  const k = v128.shr<u32>(v128.load(at), 9);
  return v128.mul<f32>(
    v128.add<f32>(v128.convert<i32>(k), v128.splat<f32>(0.5)),
    v128.splat<f32>(1.1920928955078125e-7),
  );
}

/** The rounding uniforms of `row` at `step`: ceil4(D) floats in workNoise. */
export function drawUniforms(row: u32, step: u32, stream: u32): void {
  const vocabulary = vocabularyOf(row);
  const id = row - load<u32>(offsets + (vocabulary << 2));
  const table = (tableNumber << 16) | vocabulary;
  for (let block: u32 = 0; block << 2 < dim; block++) {
    const at = workNoise + (block << 4);
    philox(at, seedLow, seedHigh, step, table, id, (stream << 16) | block);
    v128.store(at, toUniforms(at));
  }
}

/**
 * The initial deviates of `row`: D floats at `out`. Each is a scaled sum of four 16-bit uniforms (two elements a
 * block), so that no transcendental function has to agree between machines.
 */
export function drawInitial(row: u32, out: usize): void {
  const vocabulary = vocabularyOf(row);
  const id = row - load<u32>(offsets + (vocabulary << 2));
  const table = (tableNumber << 16) | vocabulary;
  for (let j: u32 = 0; j < dim; j += 2) {
    philox(workNoise, seedLow, seedHigh, 0, table, id, j >> 1);
    for (let e: u32 = 0; e < 2 && j + e < dim; e++) {
      const a = load<u32>(workNoise + (e << 3));
      const b = load<u32>(workNoise + (e << 3), 4);
      const sum = <i32>((a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16)) - 131070;
      store<f32>(out + ((j + e) << 2), <f32>sum * initialScale);
    }
  }
}

/**
 * Dropout masks (rows, width) at `out`: `scale` where the uniform is below `keep`, else 0.
 * `work` is 16 bytes; row r of the block is row `firstBatchRow + r` of the batch.
 */
export function dropoutMask(
  out: usize, work: usize, rows: u32, width: u32, firstBatchRow: u32,
  keyLow: u32, keyHigh: u32, step: u32, layer: u32, stream: u32, keep: f32, scale: f32,
): void {
  for (let r: u32 = 0; r < rows; r++) {
    const line = out + ((r * width) << 2);
    for (let j: u32 = 0; j < width; j += 4) {
      philox(work, keyLow, keyHigh, step, layer, firstBatchRow + r, (stream << 16) | (j >> 2));
      const mask = v128.and(
        v128.lt<f32>(toUniforms(work), v128.splat<f32>(keep)),
        v128.splat<f32>(scale),
      );
      if (j + 4 <= width) v128.store(line + (j << 2), mask);
      else {
        v128.store(work, mask);
        for (let e: u32 = 0; j + e < width; e++) store<f32>(line + ((j + e) << 2), load<f32>(work + (e << 2)));
      }
    }
  }
}
