// Blocks of quantized rows in memory: room for one, and the values that its codes stand for.
import type { ArrayType } from './kernel-memory.js';
import type { BlockKind, BlockOf, QuantizedBits, QuantizedBlock } from './quantizer.js';

/** What the room of a block depends on. */
export interface BlockShape {
  kind: BlockKind;
  bits: QuantizedBits;
  /** D. */
  dim: number;
}

/** Makes arrays of zeros. */
export type Allocate = <Array>(
  type: { new (length: number): Array } & ArrayType<Array>,
  length: number,
) => Array;

export const ordinaryArrays: Allocate = (type, length) => new type(length);

/** Room for n rows. */
export function allocateBlock<Kind extends BlockKind>(
  { kind, bits, dim }: BlockShape & { kind: Kind },
  rows: number,
  allocate?: Allocate,
): BlockOf<Kind>;
export function allocateBlock(
  { kind, bits, dim }: BlockShape,
  rows: number,
  allocate = ordinaryArrays,
): QuantizedBlock {
  const codes = allocate(Uint8Array, rows * dim);
  switch (kind) {
    case 'affine':
      return { kind, codes, scales: allocate(Float32Array, rows), biases: allocate(Float32Array, rows) };
    case 'codebook':
      return { kind, codes, codebooks: allocate(Float32Array, rows * 2 ** bits) };
    case 'clustered':
      return { kind, codes, clusters: allocate(Uint32Array, rows) };
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
