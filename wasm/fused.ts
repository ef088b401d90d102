// Codes, one a byte, to packed bytes: lowest bits first, each row padded to whole bytes with zero bits; and scale and bias behind
// them. Specification: src/posttraining/layouts/pack-rows.ts, torch-rows.ts.
import { toHalf, toHalves } from './half';

/** Packs codes (count, dim) into `out`, where a row begins every `rowBytes`. */
export function packBytes(codes: usize, count: u32, dim: u32, bits: u32, out: usize, rowBytes: u32): void {
  for (let i: u32 = 0; i < count; i++, codes += dim, out += rowBytes) {
    if (bits == 8) copyCodes(codes, dim, out);
    else if (bits == 4) packFours(codes, dim, out);
    else packTwos(codes, dim, out);
  }
}

function copyCodes(codes: usize, dim: u32, out: usize): void {
  let j: u32 = 0;
  for (; j + 16 <= dim; j += 16) v128.store(out + j, v128.load(codes + j));
  for (; j < dim; j++) store<u8>(out + j, load<u8>(codes + j));
}

/** Of two bytes, 0x0b0a, the lower one with b in its upper half. */
// @ts-ignore: decorator
@inline
function joinPairs(at: usize): v128 {
  const pairs = v128.load(at);
  return v128.and(v128.or(pairs, v128.shr<u16>(pairs, 4)), i16x8.splat(0x00ff));
}

function packFours(codes: usize, dim: u32, out: usize): void {
  let j: u32 = 0;
  for (; j + 32 <= dim; j += 32, out += 16) {
    v128.store(out, v128.narrow<u16>(joinPairs(codes + j), joinPairs(codes + j + 16)));
  }
  for (; j + 16 <= dim; j += 16, out += 8) {
    const joined = joinPairs(codes + j);
    v128.store_lane<u64>(out, v128.narrow<u16>(joined, joined), 0);
  }
  for (; j < dim; j += 2) {
    const second: u32 = j + 1 < dim ? load<u8>(codes + j, 1) : 0;
    store<u8>(out++, load<u8>(codes + j) | (second << 4));
  }
}

function packTwos(codes: usize, dim: u32, out: usize): void {
  let j: u32 = 0;
  for (; j + 16 <= dim; j += 16, out += 4) {
    const four = v128.load(codes + j);
    // 0x0d0c0b0a: b by 6 bits to the right comes to stand beside a, c by 12, d by 18.
    const joined = v128.or(
      v128.or(four, v128.shr<u32>(four, 6)), v128.or(v128.shr<u32>(four, 12), v128.shr<u32>(four, 18)),
    );
    const words = v128.and(joined, i32x4.splat(0xff));
    const bytes = v128.narrow<u16>(v128.narrow<u32>(words, words), words);
    v128.store_lane<u32>(out, bytes, 0);
  }
  for (; j < dim; j += 4) {
    let byte: u32 = 0;
    for (let k: u32 = 0; k < 4 && j + k < dim; k++) byte |= <u32>load<u8>(codes + j + k) << (2 * k);
    store<u8>(out++, byte);
  }
}

/** Writes the scale and bias of each row at `out`, `out` + rowBytes, …: in fp32, or in half precision, which they are numbers of. */
export function storeSides(scales: usize, biases: usize, count: u32, sideBytes: u32, out: usize, rowBytes: u32): void {
  let i: u32 = 0;
  if (sideBytes == 4) {
    for (; i < count; i++, scales += 4, biases += 4, out += rowBytes) {
      store<u32>(out, load<u32>(scales));
      store<u32>(out, load<u32>(biases), 4);
    }
    return;
  }
  for (; i + 4 <= count; i += 4, scales += 16, biases += 16, out += rowBytes << 2) {
    // A scale in the lower half of its lane, its bias in the upper.
    const both = v128.or(toHalves(v128.load(scales)), v128.shl<i32>(toHalves(v128.load(biases)), 16));
    v128.store_lane<u32>(out, both, 0);
    v128.store_lane<u32>(out + rowBytes, both, 1);
    v128.store_lane<u32>(out + 2 * rowBytes, both, 2);
    v128.store_lane<u32>(out + 3 * rowBytes, both, 3);
  }
  for (; i < count; i++, scales += 4, biases += 4, out += rowBytes) {
    store<u16>(out, toHalf(load<f32>(scales)));
    store<u16>(out, toHalf(load<f32>(biases)), 2);
  }
}
