// A few rows in a memory of WebAssembly, where kernels quantize them: rows are copied in, codes, scales and biases out. At
// the rate of the caches, it is little beside what is done to them.
import { wasmKernels } from '../kernels/load.js';
import { pagesOf } from '../kernels/pages.js';
import type { QuantizingKernels } from '../kernels/quantizing.js';
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

/** Runs a kernel on the first `count` rows there. */
export type BlockKernel = (kernels: QuantizingKernels, at: KernelBlock, count: number) => void;

/** Values of a block: 64 KiB of them, and what becomes of them, stay in the second cache. */
const VALUES = 2 ** 14;

/** The quantizer of rows of width D that `kernel` is. */
export function kernelQuantizer(dim: number, kernel: BlockKernel): BlockQuantizer<'affine'> {
  const room = Math.max(4, Math.floor(VALUES / dim / 4) * 4);
  let end = 64;
  const take = (bytes: number) => {
    const at = end;
    end = Math.ceil((at + bytes) / 64) * 64;
    return at;
  };
  const at: KernelBlock = {
    values: take(room * dim * 4),
    codes: take(room * dim),
    scales: take(room * 4),
    biases: take(room * 4),
    work: take(dim * 16),
  };
  const pages = pagesOf(end);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = wasmKernels(memory);
  const given = new Float32Array(memory.buffer, at.values, room * dim);
  const codes = new Uint8Array(memory.buffer, at.codes, room * dim);
  const scales = new Float32Array(memory.buffer, at.scales, room);
  const biases = new Float32Array(memory.buffer, at.biases, room);
  return {
    quantize(values: Float32Array, out: AffineBlock): void {
      const rows = values.length / dim;
      for (let first = 0; first < rows; first += room) {
        const count = Math.min(room, rows - first);
        given.set(values.subarray(first * dim, (first + count) * dim));
        kernel(kernels, at, count);
        out.codes.set(codes.subarray(0, count * dim), first * dim);
        out.scales.set(scales.subarray(0, count), first);
        out.biases.set(biases.subarray(0, count), first);
      }
    },
  };
}
