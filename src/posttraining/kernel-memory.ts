// Memory of WebAssembly with the kernels on it, and arrays that lie there. Whoever is handed such arrays may ask for their
// kernels, and work on them where they are; other arrays have none.
import { wasmKernels } from '../kernels/load.js';
import { pagesOf } from '../kernels/pages.js';

/** Kernels of a memory, with a work area of it. */
export interface PlacedKernels {
  readonly kernels: ReturnType<typeof wasmKernels>;
  /** Room for `workBytes`. */
  readonly work: number;
  readonly workBytes: number;
}

/** The constructors of arrays that are allocated here. */
export type ArrayType<Array> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Array;
  readonly BYTES_PER_ELEMENT: number;
};

const placed = new WeakMap<ArrayBufferLike, PlacedKernels>();
/** Address 0 is nobody's; arrays begin with a line of the cache. */
const LINE = 64;

/** The kernels that can work on all of these arrays; undefined unless they lie in one memory of kernels. */
export function kernelsOn(...arrays: readonly ArrayBufferView[]): PlacedKernels | undefined {
  const [first, ...others] = arrays;
  return others.every(({ buffer }) => buffer === first.buffer) ? placed.get(first.buffer) : undefined;
}

/** Room for arrays, taken one after the other and never given back. */
export class KernelMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: number;
  #end = LINE;

  /** @param bytes of all arrays together; `arrays` says how many, each of which may be padded */
  constructor(bytes: number, arrays: number, workBytes: number) {
    this.#bytes = LINE + workBytes + bytes + (arrays + 1) * LINE;
    const pages = pagesOf(this.#bytes);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const kernels = wasmKernels(this.#memory);
    placed.set(this.#memory.buffer, { kernels, work: this.#take(workBytes), workBytes });
  }

  /** An array of zeros. */
  allocate<Array>(type: ArrayType<Array>, length: number): Array {
    return new type(this.#memory.buffer, this.#take(length * type.BYTES_PER_ELEMENT), length);
  }

  #take(bytes: number): number {
    const at = this.#end;
    this.#end = Math.ceil((at + bytes) / LINE) * LINE;
    if (this.#end > this.#bytes) throw new RangeError('A memory of kernels is smaller than its arrays.');
    return at;
  }
}
