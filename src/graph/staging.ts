// Memory that a session reads and writes: pieces of one unshared WebAssembly memory, each at a multiple of 64 bytes.
// onnxruntime refuses shared memory, and takes views of this where they lie. Every piece is aligned alike in every run,
// so that no vectorised sum, which may begin at the first aligned element, can have another order; the address of an
// ordinary buffer varies from run to run.
import { PAGE_BYTES, pagesOf } from '../kernels/pages.js';

const ALIGNMENT_FLOATS = 16;

const aligned = (floats: number) => Math.ceil(floats / ALIGNMENT_FLOATS) * ALIGNMENT_FLOATS;

/** Bytes of the memory that holds pieces of these many floats. */
export function stagingBytes(lengths: readonly number[]): number {
  const floats = lengths.reduce((sum, length) => sum + aligned(length), 0);
  return pagesOf(4 * floats) * PAGE_BYTES;
}

/** The pieces, zero-filled. */
export function allocateStaging(lengths: readonly number[]): Float32Array<ArrayBuffer>[] {
  const pages = pagesOf(stagingBytes(lengths));
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
  let end = 0;
  return lengths.map((length) => {
    const piece = new Float32Array(buffer, 4 * end, length);
    end += aligned(length);
    return piece;
  });
}
