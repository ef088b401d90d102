// The rows of PyTorch and FBGEMM: one array of bytes (V, row bytes), a row's codes, then its scale and bias, little-endian.
//
//   8 bits      D bytes of codes        scale fp32   bias fp32     quantized::embedding_bag_byte_prepack
//   4, 2 bits   D·M/8 bytes of codes    scale fp16   bias fp16     quantized::embedding_bag_4bit_prepack, …_2bit_prepack
//
// value = scale · code + bias. Rows without padding: D must be a multiple of the codes in a byte. CPU layout: that of GPU
// kernels pads 8-bit rows to multiples of 4 bytes.
import { UserError } from '../../errors.js';
import type { TensorArray } from '../../formats/safetensors-reader.js';
import { fromHalf, toHalf } from '../../quantization/half.js';
import { packedBytes } from '../../quantization/packing.js';
import { kernelsOn } from '../kernel-memory.js';
import type { AffineBlock, QuantizedBits, QuantizedBlock, Side } from '../quantizer.js';
import type { QuantizedFormat, RowLayout } from './layout.js';
import { packRows, unpackRows } from './pack-rows.js';

const HELP = 'pass --layout bitrow-rows';

const sideOf = (bits: QuantizedBits): Side => (bits === 8 ? 'fp32' : 'fp16');
const sideBytes = { fp32: 4, fp16: 2 } as const satisfies Record<Side, number>;

/** Bytes of a row: D + 8, D/2 + 4, D/4 + 4. */
export function torchRowBytes(dim: number, bits: QuantizedBits): number {
  return packedBytes(dim, bits) + 2 * sideBytes[sideOf(bits)];
}

/** D of rows of so many bytes; undefined where there is none. The inverse of `torchRowBytes`. */
export function torchRowDim(rowBytes: number, bits: QuantizedBits): number | undefined {
  const dim = ((rowBytes - 2 * sideBytes[sideOf(bits)]) * 8) / bits;
  return dim > 0 ? dim : undefined;
}

export const torchRows: RowLayout = {
  version: 1,
  summary: 'fused rows of PyTorch and FBGEMM: codes, scale, bias (fp32 at 8 bits, fp16 at 4 and 2)',
  side: sideOf,

  check({ kind, bits, side, dim }) {
    if (kind !== 'affine') {
      throw new UserError(
        `Layout torch-rows holds a scale and a bias per row, not the rows of a ${kind} method.`,
        HELP,
      );
    }
    if (side !== sideOf(bits)) {
      throw new UserError(
        `Layout torch-rows has ${sideOf(bits)} scales and biases at ${bits} bits, not ${side}.`,
        HELP,
      );
    }
    if (dim % (8 / bits) !== 0) {
      throw new UserError(
        `Layout torch-rows packs ${8 / bits} codes of ${bits} bits into a byte: the width, ${dim}, must be a multiple of ${8 / bits}.`,
        HELP,
      );
    }
  },

  rowParts: ({ dim, bits, rows }) => [{ suffix: '', dtype: 'U8', shape: [rows, torchRowBytes(dim, bits)] }],
  tableParts: () => [],

  encode(format, block, rows, out) {
    const { bytes, view, rowBytes, scaleAt } = fused(format, out);
    const { codes, scales, biases } = affine(block);
    packRows(codes, rows, format.dim, format.bits, bytes, rowBytes);
    const placed = kernelsOn(scales, biases, bytes);
    if (placed) {
      const [from, beside] = [scales.byteOffset, biases.byteOffset];
      const each = sideBytes[sideOf(format.bits)];
      placed.kernels.storeSides(from, beside, rows, each, bytes.byteOffset + scaleAt, rowBytes);
      return;
    }
    for (let row = 0; row < rows; row++) {
      const at = row * rowBytes + scaleAt;
      if (format.bits === 8) {
        view.setFloat32(at, scales[row], true);
        view.setFloat32(at + 4, biases[row], true);
      } else {
        view.setUint16(at, toHalf(scales[row]), true);
        view.setUint16(at + 2, toHalf(biases[row]), true);
      }
    }
  },

  decode(format, stored, rows, block) {
    const { bytes, view, rowBytes, scaleAt } = fused(format, stored);
    const { codes, scales, biases } = affine(block);
    unpackRows(bytes, rows, format.dim, format.bits, rowBytes, codes);
    for (let row = 0; row < rows; row++) {
      const at = row * rowBytes + scaleAt;
      scales[row] = format.bits === 8 ? view.getFloat32(at, true) : fromHalf(view.getUint16(at, true));
      biases[row] =
        format.bits === 8 ? view.getFloat32(at + 4, true) : fromHalf(view.getUint16(at + 2, true));
    }
  },
};

function fused({ dim, bits }: QuantizedFormat, [bytes]: readonly TensorArray[]) {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('Fused rows are bytes.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, rowBytes: torchRowBytes(dim, bits), scaleAt: packedBytes(dim, bits) };
}

function affine(block: QuantizedBlock): AffineBlock {
  if (block.kind === 'affine') return block;
  throw new TypeError('Fused rows have a scale and a bias.');
}
