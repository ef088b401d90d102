// Blocks of quantized rows in memory: room for one, and the values that its codes stand for.
import type { BlockKind, BlockOf, QuantizedBits, QuantizedBlock } from './quantizer.js';

/** What the room of a block depends on. */
export interface BlockShape {
  kind: BlockKind;
  bits: QuantizedBits;
  /** D. */
  dim: number;
}

/** Room for n rows. */
export function allocateBlock<Kind extends BlockKind>(
  { kind, bits, dim }: BlockShape & { kind: Kind },
  rows: number,
): BlockOf<Kind>;
export function allocateBlock({ kind, bits, dim }: BlockShape, rows: number): QuantizedBlock {
  const codes = new Uint8Array(rows * dim);
  switch (kind) {
    case 'affine':
      return { kind, codes, scales: new Float32Array(rows), biases: new Float32Array(rows) };
    case 'codebook':
      return { kind, codes, codebooks: new Float32Array(rows * 2 ** bits) };
    case 'clustered':
      return { kind, codes, clusters: new Uint32Array(rows) };
    default:
      return kind satisfies never;
  }
}

/**
 * The values (n, D) of the first `rows` rows.
 *
 * @param codebooks (K, 2^M) of the table, of clustered rows
 */
export function dequantizeBlock(
  block: QuantizedBlock,
  { bits, dim }: Omit<BlockShape, 'kind'>,
  rows: number,
  out: Float32Array,
  codebooks?: Float32Array,
): void {
  const { codes } = block;
  if (block.kind === 'affine') {
    const { scales, biases } = block;
    for (let row = 0, at = 0; row < rows; row++) {
      const scale = scales[row];
      const bias = biases[row];
      // The product of an fp32 number and a code is exact in float64: rounded once or, next to never, twice.
      for (const end = at + dim; at < end; at++) out[at] = scale * codes[at] + bias;
    }
    return;
  }
  const clusters = block.kind === 'clustered' ? block.clusters : undefined;
  const books = block.kind === 'clustered' ? codebooks : block.codebooks;
  if (books === undefined) throw new TypeError('Clustered rows need the codebooks of their table.');
  for (let row = 0, at = 0; row < rows; row++) {
    const book = (clusters === undefined ? row : clusters[row]) * 2 ** bits;
    for (const end = at + dim; at < end; at++) out[at] = books[book + codes[at]];
  }
}
