// Codes of one row: packed bytes to floats and back. A stored code is unsigned, code + 2^(M−1), lowest bits
// first, the row padded to whole bytes; no code touches more than two bytes. Specification: src/quantization/packing.ts.
import { bits, dim, lowest } from './table';

/** D codes as floats at `out` (room for ceil4(D)). */
export function unpackCodes(packed: usize, out: usize): void {
  let j: u32 = 0;
  if (bits == 8) {
    for (; j + 4 <= dim; j += 4) {
      const bytes = v128.load_zero<u32>(packed + j);
      const words = v128.extend_low<u16>(v128.extend_low<u8>(bytes));
      v128.store(out + (j << 2), v128.add<f32>(v128.convert<i32>(words), v128.splat<f32>(lowest)));
    }
    for (; j < dim; j++) store<f32>(out + (j << 2), <f32>load<u8>(packed + j) + lowest);
  } else if (bits == 16) {
    for (; j < dim; j++) store<f32>(out + (j << 2), <f32>load<u16>(packed + (j << 1)) + lowest);
  } else {
    const mask = ((<u32>1) << bits) - 1;
    // The second byte of the last code may be the one behind the row: memory of the shard, and none of the code's.
    for (let bit: u32 = 0; j < dim; j++, bit += bits) {
      store<f32>(out + (j << 2), <f32>((<u32>load<u16>(packed + (bit >> 3)) >> (bit & 7)) & mask) + lowest);
    }
  }
}

/** The inverse: `codes` are whole numbers in range. Padding bits are 0. */
export function packCodes(codes: usize, packed: usize): void {
  let j: u32 = 0;
  if (bits == 8) {
    for (; j + 4 <= dim; j += 4) {
      const whole = v128.trunc_sat<i32>(v128.sub<f32>(v128.load(codes + (j << 2)), v128.splat<f32>(lowest)));
      const narrow = v128.narrow<u16>(v128.narrow<i32>(whole, whole), v128.narrow<i32>(whole, whole));
      v128.store_lane<u32>(packed + j, narrow, 0);
    }
    for (; j < dim; j++) store<u8>(packed + j, <u32>(load<f32>(codes + (j << 2)) - lowest));
  } else if (bits == 16) {
    for (; j < dim; j++) store<u16>(packed + (j << 1), <u32>(load<f32>(codes + (j << 2)) - lowest));
  } else {
    let pending: u32 = 0;
    let filled: u32 = 0;
    for (; j < dim; j++) {
      pending |= (<u32>(load<f32>(codes + (j << 2)) - lowest)) << filled;
      for (filled += bits; filled >= 8; filled -= 8, pending >>= 8) store<u8>(packed++, pending);
    }
    if (filled) store<u8>(packed, pending);
  }
}
