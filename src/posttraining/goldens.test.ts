// The bytes of PyTorch's prepack operators, with and without its greedy search, and the values it reads from them
// (scripts/goldens/posttraining.py, torch 2.15, CPU).
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  goldensBeyond,
  type PosttrainingGolden,
  posttrainingGoldens,
  type TorchOperator,
  torchOperators,
} from '../../test/posttraining-golden.js';
import { quantizeRows } from '../../test/quantized-rows.js';
import { toHalf } from '../quantization/half.js';
import { packCodes, packedBytes } from '../quantization/packing.js';
import type { AffineBlock, QuantizedBits, Side } from './quantizer.js';
import { type QuantizerName, quantizers } from './registry.js';

const operators: Record<TorchOperator, { name: QuantizerName; bits: QuantizedBits; side: Side }> = {
  byte: { name: 'minmax', bits: 8, side: 'fp32' },
  '4bit': { name: 'minmax', bits: 4, side: 'fp16' },
  '2bit': { name: 'minmax', bits: 2, side: 'fp16' },
  '4bit-optimized': { name: 'greedy-torch', bits: 4, side: 'fp16' },
  '2bit-optimized': { name: 'greedy-torch', bits: 2, side: 'fp16' },
};

async function quantized(golden: PosttrainingGolden, operator: TorchOperator) {
  const { name, bits, side } = operators[operator];
  const { block, values } = await quantizeRows(quantizers[name], golden.values, {
    dim: golden.dim,
    bits,
    side,
  });
  if (block.kind !== 'affine') throw new Error(`${name} is not affine`);
  return { block, values };
}

/** Rows as PyTorch has them: codes, scale, bias. */
function fusedRows({ codes, scales, biases }: AffineBlock, dim: number, bits: QuantizedBits, side: Side) {
  const sideBytes = side === 'fp16' ? 2 : 4;
  const rowBytes = packedBytes(dim, bits) + 2 * sideBytes;
  const bytes = new Uint8Array(scales.length * rowBytes);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < scales.length; row++) {
    const signed = [...codes.subarray(row * dim, (row + 1) * dim)].map((code) => code - 2 ** (bits - 1));
    packCodes(signed, bits, bytes, row * rowBytes);
    for (const [i, number] of [scales[row], biases[row]].entries()) {
      const at = row * rowBytes + packedBytes(dim, bits) + i * sideBytes;
      if (side === 'fp16') view.setUint16(at, toHalf(number), true);
      else view.setFloat32(at, number, true);
    }
  }
  return bytes;
}

describe.each(torchOperators)('rows as by embedding_bag_%s', (operator) => {
  const { bits, side } = operators[operator];

  it('have the same bytes, and are read as the same values', async () => {
    let rows = 0;
    for (const golden of posttrainingGoldens) {
      const packed = golden.packed[operator];
      if (packed === undefined) continue;
      const { block, values } = await quantized(golden, operator);
      expect(fusedRows(block, golden.dim, bits, side), golden.name).toEqual(packed.bytes);
      // A fused multiply-add rounds once; the product is exact in float64.
      const read = createHash('sha256').update(Float32Array.from(values)).digest('hex');
      expect(read, `${golden.name}, unpacked`).toBe(packed.unpacked);
      rows += block.scales.length;
    }
    expect(rows).toBeGreaterThan(100);
  });

  it('have an infinite scale or bias where PyTorch stores one', async () => {
    let infinite = 0;
    for (const golden of goldensBeyond) {
      const { block } = await quantized(golden, operator);
      const bytes = golden.packed[operator]?.bytes ?? new Uint8Array();
      const view = new DataView(bytes.buffer);
      const at = bytes.length - (side === 'fp16' ? 4 : 8);
      const isInfinite =
        side === 'fp16'
          ? [at, at + 2].some((place) => (view.getUint16(place, true) & 0x7c00) === 0x7c00)
          : [at, at + 4].some((place) => !Number.isFinite(view.getFloat32(place, true)));
      const isBeyond = ![...block.scales, ...block.biases].every(Number.isFinite);
      expect(isBeyond, golden.name).toBe(isInfinite);
      infinite += isInfinite ? 1 : 0;
    }
    expect(infinite > 0).toBe(side === 'fp16');
  });
});
