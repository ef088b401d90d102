// The arrays through which a lane's rows go, a few rows at a time: as many as stay in cache through all steps. Where the quantizer
// is a kernel, they lie in a memory of kernels, and rows are copied in and what they become is copied out; every step then finds
// its kernel.
import { dtypes } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { LOSSES } from '../kernels/reference-row-losses.js';
import type { BlockWork } from './block-work.js';
import { type Allocate, allocateBlock, ordinaryArrays } from './blocks.js';
import { type ArrayType, KernelMemory } from './kernel-memory.js';
import { entriesPerRow } from './layouts/layout.js';
import { layouts } from './layouts/registry.js';
import type { AffineBlock, QuantizedBlock } from './quantizer.js';

/** Rows of a chunk. Sums of errors are made of so many, whoever adds them up. */
const CHUNK_ROWS = 64;
/** Of a kernel, to which a call from JavaScript is as dear as a few rows. */
const KERNEL_CHUNK_ROWS = 512;

export interface BlockChunk {
  /** Rows there is room for. */
  readonly rows: number;
  readonly block: QuantizedBlock;
  /** (n, 3): see rowLosses. */
  readonly losses: Float64Array;
  /** What the rows are held against; undefined where that is what is done. */
  readonly minMax: { block: AffineBlock; losses: Float64Array } | undefined;
  /** (n, D), for rowLosses. */
  readonly work: Float32Array;
  /** Where the rows from `from` on are worked on, and where their stored parts go. */
  enter(from: number, rows: number): { values: Float32Array; parts: TensorArray[] };
  /** Puts the parts where they belong. */
  leave(from: number, rows: number): void;
}

/** The chunk of a lane whose rows are `values` (blockRows, D) and become `parts`. */
export function blockChunk(
  { format, layout, quantizer, minMax }: BlockWork,
  values: Float32Array,
  parts: readonly TensorArray[],
): BlockChunk {
  const { dim } = format;
  const rowParts = layouts[layout].rowParts(format);
  const each = rowParts.map(entriesPerRow);
  const isKernel = quantizer.workBytes !== undefined;
  const rows = Math.min(isKernel ? KERNEL_CHUNK_ROWS : CHUNK_ROWS, values.length / dim);
  // Values, two blocks and their losses, and parts, which are no larger than a block.
  const bytes = rows * (4 * dim + 3 * (dim + 8) + 2 * LOSSES * 8);
  const memory = isKernel ? new KernelMemory(bytes, 12, quantizer.workBytes ?? 0) : undefined;
  const allocate: Allocate = memory ? (type, length) => memory.allocate(type, length) : ordinaryArrays;

  const makeLosses = () => allocate(Float64Array, rows * LOSSES);
  const staged = memory && {
    values: memory.allocate(Float32Array, rows * dim),
    parts: rowParts.map(({ dtype }, i) =>
      memory.allocate(dtypes[dtype].array as ArrayType<TensorArray>, rows * each[i]),
    ),
  };
  const partsOf = (arrays: readonly TensorArray[], from: number, count: number) =>
    arrays.map((array, i) => array.subarray(from * each[i], (from + count) * each[i]));

  return {
    rows,
    block: allocateBlock(format, rows, allocate),
    losses: makeLosses(),
    minMax: minMax && {
      block: allocateBlock({ ...format, kind: 'affine' }, rows, allocate),
      losses: makeLosses(),
    },
    work: new Float32Array(memory ? 0 : rows * dim),
    enter(from, count) {
      const given = values.subarray(from * dim, (from + count) * dim);
      if (!staged) return { values: given, parts: partsOf(parts, from, count) };
      const there = staged.values.subarray(0, count * dim);
      there.set(given);
      return { values: there, parts: partsOf(staged.parts, 0, count) };
    },
    leave(from, count) {
      if (!staged) return;
      const made = partsOf(staged.parts, 0, count);
      for (const [i, part] of partsOf(parts, from, count).entries()) bytesOf(part).set(bytesOf(made[i]));
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
