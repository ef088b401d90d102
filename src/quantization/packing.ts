// Codes as bytes: unsigned code + 2^(M−1), lowest bits first, each row padded to whole bytes with zero bits. The
// same bytes as the code part of FBGEMM rows and of ONNX's uint8 GatherBlockQuantized.
import { type CodeBits, grid } from './grid.js';

/** Bytes of one row of D codes. */
export function packedBytes(dim: number, bits: CodeBits): number {
  return Math.ceil((dim * bits) / 8);
}

/** Reads D codes of M bits from `bytes` at `offset` into `codes` (D). */
export function unpackCodes(
  bytes: Uint8Array,
  offset: number,
  bits: CodeBits,
  codes: Float32Array | number[],
): void {
  const { lowest } = grid(bits);
  for (let j = 0; j < codes.length; j++) {
    const bit = j * bits;
    const at = offset + (bit >> 3);
    const raw = bits === 16 ? bytes[at] | (bytes[at + 1] << 8) : (bytes[at] >> (bit & 7)) & (2 ** bits - 1);
    codes[j] = raw + lowest;
  }
}

/** Writes D codes, whole numbers within the grid, into `bytes` at `offset`. */
export function packCodes(codes: ArrayLike<number>, bits: CodeBits, bytes: Uint8Array, offset: number): void {
  const { lowest } = grid(bits);
  bytes.fill(0, offset, offset + packedBytes(codes.length, bits));
  for (let j = 0; j < codes.length; j++) {
    const raw = codes[j] - lowest;
    const bit = j * bits;
    const at = offset + (bit >> 3);
    if (bits === 16) {
      bytes[at] = raw & 0xff;
      bytes[at + 1] = raw >> 8;
    } else {
      bytes[at] |= raw << (bit & 7);
    }
  }
}
