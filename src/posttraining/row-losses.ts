// What quantizing took from each row of a block: by the kernel where the block lies in its memory, else by the kernel's
// specification.
import { addRowLoss } from '../kernels/reference-row-losses.js';
import { type BlockShape, dequantizeBlock } from './blocks.js';
import { kernelsOn } from './kernel-memory.js';
import type { QuantizedBlock } from './quantizer.js';

/** Of values (n, D) and what the codes of `block` stand for. */
export function rowLosses(
  values: Float32Array,
  block: QuantizedBlock,
  shape: Omit<BlockShape, 'kind'>,
  rows: number,
  /** (n, 3), float64: Σ (x − x̂)², Σ x², and 1 where a row has one code. */
  losses: Float64Array,
  /** (n, D), overwritten. */
  work: Float32Array,
  codebooks?: Float32Array,
): void {
  const { dim } = shape;
  if (block.kind === 'affine') {
    const { codes, scales, biases } = block;
    const placed = kernelsOn(values, codes, scales, biases, losses);
    if (placed) {
      const [from, of] = [values.byteOffset, codes.byteOffset];
      const side = [scales.byteOffset, biases.byteOffset] as const;
      placed.kernels.rowLosses(from, of, ...side, rows, dim, losses.byteOffset);
      return;
    }
  }
  dequantizeBlock(block, shape, rows, work, codebooks);
  for (let row = 0; row < rows; row++) addRowLoss(values, work, block.codes, row, dim, losses);
}
