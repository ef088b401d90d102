// A kernel as a quantizer of blocks. Arrays that lie in a memory of kernels it works on in place; of others it copies some rows
// at a time into a memory of its own, and out of it codes, scales and biases.
import type { QuantizingKernels } from '../kernels/quantizing.js';
import { KernelMemory, kernelsOn } from './kernel-memory.js';
import type { AffineBlock, BlockQuantizer } from './quantizer.js';

/** Addresses of a block's arrays. */
export interface KernelBlock {
  values: number;
  codes: number;
  scales: number;
  biases: number;
  /** 4·D floats. */
  work: number;
}

/** Runs a kernel on the first `rows` rows there. */
export type BlockKernel = (kernels: QuantizingKernels, at: KernelBlock, rows: number) => void;

/** Values of the own memory: with what becomes of them they stay in the second cache. */
const VALUES = 2 ** 14;

/** Bytes of a memory's work area: four rows. */
function workBytes(dim: number): number {
  return 16 * dim;
}

/** The quantizer of rows of width D that `kernel` is. */
export function kernelQuantizer(dim: number, kernel: BlockKernel): BlockQuantizer<'affine'> {
  const room = Math.max(4, Math.floor(VALUES / dim / 4) * 4);
  let own: { values: Float32Array; block: AffineBlock } | undefined;

  const inPlace = (values: Float32Array, { codes, scales, biases }: AffineBlock): boolean => {
    const there = kernelsOn(values, codes, scales, biases);
    if (there === undefined || there.workBytes < workBytes(dim)) return false;
    const at = {
      values: values.byteOffset,
      codes: codes.byteOffset,
      scales: scales.byteOffset,
      biases: biases.byteOffset,
      work: there.work,
    };
    kernel(there.kernels, at, values.length / dim);
    return true;
  };

  return {
    workBytes: workBytes(dim),
    quantize(values: Float32Array, out: AffineBlock): void {
      if (inPlace(values, out)) return;
      own ??= allocateOwn(dim, room);
      const { block } = own;
      const rows = values.length / dim;
      for (let first = 0; first < rows; first += room) {
        const count = Math.min(room, rows - first);
        const given = own.values.subarray(0, count * dim);
        given.set(values.subarray(first * dim, (first + count) * dim));
        inPlace(given, block);
        out.codes.set(block.codes.subarray(0, count * dim), first * dim);
        out.scales.set(block.scales.subarray(0, count), first);
        out.biases.set(block.biases.subarray(0, count), first);
      }
    },
  };
}

function allocateOwn(dim: number, room: number): { values: Float32Array; block: AffineBlock } {
  const memory = new KernelMemory(room * (5 * dim + 8), 4, workBytes(dim));
  return {
    values: memory.allocate(Float32Array, room * dim),
    block: {
      kind: 'affine',
      codes: memory.allocate(Uint8Array, room * dim),
      scales: memory.allocate(Float32Array, room),
      biases: memory.allocate(Float32Array, room),
    },
  };
}
