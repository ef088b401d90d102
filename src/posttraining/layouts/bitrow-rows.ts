// Our layout: codes, and what they stand for, in arrays of their own. Any D, any kind of quantizer, either side.
//
//   affine      .codes U8 (V, ⌈D·M/8⌉)   .scale (V)             .bias (V)                  value = scale · code + bias
//   codebook    .codes                   .codebook (V, 2^M)                                value = codebook[code]
//   clustered   .codes                   .cluster U8/U16/U32 (V)   .codebooks (K, 2^M)     value = codebooks[cluster][code]
//
// Scales, biases and codebooks are F32 or F16, as the side says.

import type { Dtype } from '../../formats/safetensors.js';
import type { TensorArray } from '../../formats/safetensors-reader.js';
import { packedBytes } from '../../quantization/packing.js';
import type { QuantizedBlock, Side } from '../quantizer.js';
import type { LayoutPart, QuantizedFormat, RowLayout } from './layout.js';
import { packRows, unpackRows } from './pack-rows.js';
import { readNumbers, storeNumbers } from './side-numbers.js';

const sideDtype = { fp32: 'F32', fp16: 'F16' } as const satisfies Record<Side, Dtype>;

export const bitrowRows: RowLayout = {
  version: 1,
  summary: 'codes, and scales and biases or codebooks, as tensors of their own',
  side: (bits) => (bits === 8 ? 'fp32' : 'fp16'),
  check() {},

  rowParts({ kind, bits, side, dim, rows, clusters }): LayoutPart[] {
    const codes: LayoutPart = { suffix: '.codes', dtype: 'U8', shape: [rows, packedBytes(dim, bits)] };
    const dtype = sideDtype[side];
    switch (kind) {
      case 'affine':
        return [codes, { suffix: '.scale', dtype, shape: [rows] }, { suffix: '.bias', dtype, shape: [rows] }];
      case 'codebook':
        return [codes, { suffix: '.codebook', dtype, shape: [rows, 2 ** bits] }];
      case 'clustered':
        return [codes, { suffix: '.cluster', dtype: clusterDtype(clusters), shape: [rows] }];
      default:
        return kind satisfies never;
    }
  },

  tableParts({ kind, bits, side, clusters }): LayoutPart[] {
    if (kind !== 'clustered') return [];
    return [{ suffix: '.codebooks', dtype: sideDtype[side], shape: [clusters, 2 ** bits] }];
  },

  encode(format, block, rows, out) {
    const { dim, bits } = format;
    packRows(block.codes, rows, dim, bits, bytesOf(out[0]), packedBytes(dim, bits));
    for (const [i, [values, each]] of besides(format, block).entries())
      storeNumbers(values, rows * each, out[i + 1]);
  },

  decode(format, stored, rows, block) {
    const { dim, bits } = format;
    unpackRows(bytesOf(stored[0]), rows, dim, bits, packedBytes(dim, bits), block.codes);
    for (const [i, [values, each]] of besides(format, block).entries()) {
      readNumbers(stored[i + 1], rows * each, values);
    }
  },
};

/** What a block has beside its codes, in the order of the parts, and how many entries a row has of each. */
function besides({ bits }: QuantizedFormat, block: QuantizedBlock): [Float32Array | Uint32Array, number][] {
  switch (block.kind) {
    case 'affine':
      return [
        [block.scales, 1],
        [block.biases, 1],
      ];
    case 'codebook':
      return [[block.codebooks, 2 ** bits]];
    case 'clustered':
      return [[block.clusters, 1]];
    default:
      return block satisfies never;
  }
}

function clusterDtype(clusters: number): Dtype {
  if (clusters <= 2 ** 8) return 'U8';
  return clusters <= 2 ** 16 ? 'U16' : 'U32';
}

function bytesOf(array: TensorArray): Uint8Array {
  if (array instanceof Uint8Array) return array;
  throw new TypeError('Codes are stored as bytes.');
}
