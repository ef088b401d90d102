// The WebAssembly kernels: compiled once per thread, instantiated once per memory.
import { readFileSync } from 'node:fs';
import type { Kernels } from './kernels.js';
import type { QuantizingKernels } from './quantizing.js';

/** Name of the kernel variant, stored in a run: another one may give other bits. */
export const kernelVariant = 'wasm-simd128';

let compiled: WebAssembly.Module | undefined;

/** An instance of the kernels on a shared memory. */
export function wasmKernels(memory: WebAssembly.Memory): Kernels & QuantizingKernels {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../../wasm/kernels.wasm', import.meta.url)));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  // A module's exports have no types; that they are these functions is what the kernels' tests hold it to.
  return exports as unknown as Kernels & QuantizingKernels;
}
