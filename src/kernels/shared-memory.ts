// The type of a shared WebAssembly memory in this package's declarations. `WebAssembly.Memory` is not named there: a
// project may have the DOM's types for it, or none, and either would clash with what bitrow compiles with.

/** A shared WebAssembly memory. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}
