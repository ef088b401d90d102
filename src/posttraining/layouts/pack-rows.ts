// Codes of many rows, one a byte, to packed bytes and back: lowest bits first, each row padded to whole bytes with zero bits
// (quantization/packing.ts, whose codes are signed). Rows may lie apart: between them are scales, or nothing.
import { packedBytes } from '../../quantization/packing.js';
import { kernelsOn } from '../kernel-memory.js';
import type { QuantizedBits } from '../quantizer.js';

/** Packs codes (rows, D) into `out`, where a row begins every `rowBytes`. */
export function packRows(
  codes: Uint8Array,
  rows: number,
  dim: number,
  bits: QuantizedBits,
  out: Uint8Array,
  rowBytes: number,
): void {
  const placed = kernelsOn(codes, out);
  if (placed) {
    placed.kernels.packBytes(codes.byteOffset, rows, dim, bits, out.byteOffset, rowBytes);
    return;
  }
  const perByte = 8 / bits;
  const bytes = packedBytes(dim, bits);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * dim;
    let at = row * dim;
    for (let i = row * rowBytes; i < row * rowBytes + bytes; i++) {
      let byte = 0;
      for (let shift = 0; shift < perByte && at < end; shift++) byte |= codes[at++] << (shift * bits);
      out[i] = byte;
    }
  }
}

/** Reads them again, into codes (rows, D). */
export function unpackRows(
  packed: Uint8Array,
  rows: number,
  dim: number,
  bits: QuantizedBits,
  rowBytes: number,
  codes: Uint8Array,
): void {
  const mask = 2 ** bits - 1;
  const perByte = 8 / bits;
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * dim;
    let at = row * dim;
    for (let i = row * rowBytes; at < end; i++) {
      let byte = packed[i];
      for (let shift = 0; shift < perByte && at < end; shift++, byte >>= bits) codes[at++] = byte & mask;
    }
  }
}
