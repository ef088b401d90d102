// The part of the WebAssembly API bitrow uses. Its types come only with the DOM's, which Node.js is not.
declare namespace WebAssembly {
  interface MemoryDescriptor {
    /** Sizes in pages of 64 KiB. */
    initial: number;
    maximum: number;
  }
  interface Memory<Buffer extends ArrayBufferLike = SharedArrayBuffer> {
    readonly buffer: Buffer;
  }
  const Memory: {
    new (descriptor: MemoryDescriptor & { shared: true }): Memory<SharedArrayBuffer>;
    new (descriptor: MemoryDescriptor): Memory<ArrayBuffer>;
  };
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: Record<string, unknown>;
  }
}
