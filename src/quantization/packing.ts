// Codes as bytes: unsigned code + 2^(M−1), lowest bits first, each row padded to whole bytes with zero bits. The
// same bytes as the code part of FBGEMM rows and of ONNX's uint8 GatherBlockQuantized. Widths that do not divide a byte
// run on: four codes of 6 bits take 3 bytes, two of 12 bits too. No code touches more than two bytes.
import { grid, type StoredBits } from './grid.js';

/** Bytes of one row of D codes. */
export function packedBytes(dim: number, bits: StoredBits): number {
  return Math.ceil((dim * bits) / 8);
}

/** Reads D codes of M bits from `bytes` at `offset` into `codes` (D). */
export function unpackCodes(
  bytes: Uint8Array,
  offset: number,
  bits: StoredBits,
  codes: Float32Array | number[],
): void {
  const { lowest } = grid(bits);
  for (let j = 0; j < codes.length; j++) {
    const bit = j * bits;
    const at = offset + (bit >> 3);
    // The second byte may lie beyond the last row; then none of its bits is the code's.
    const pair = bytes[at] | ((bytes[at + 1] ?? 0) << 8);
    codes[j] = ((pair >> (bit & 7)) & (2 ** bits - 1)) + lowest;
  }
}

/** Writes D codes, whole numbers within the grid, into `bytes` at `offset`. */
export function packCodes(
  codes: ArrayLike<number>,
  bits: StoredBits,
  bytes: Uint8Array,
  offset: number,
): void {
  const { lowest } = grid(bits);
  bytes.fill(0, offset, offset + packedBytes(codes.length, bits));
  for (let j = 0; j < codes.length; j++) {
    const bit = j * bits;
    const pair = (codes[j] - lowest) << (bit & 7);
    const at = offset + (bit >> 3);
    bytes[at] |= pair & 0xff;
    if ((bit & 7) + bits > 8) bytes[at + 1] |= pair >> 8;
  }
}
