// The machine's own limit for work on memory: copying 256 MB from one shared buffer to another. GB/s of bytes read and written.

const BYTES = 2 ** 28;
let buffers: readonly [Uint8Array, Uint8Array] | undefined;

/** GB/s of one copy by one thread. */
export function memoryCopyRate(): number {
  buffers ??= [
    new Uint8Array(new SharedArrayBuffer(BYTES)).fill(1),
    new Uint8Array(new SharedArrayBuffer(BYTES)).fill(2),
  ];
  const [from, to] = buffers;
  const began = performance.now();
  to.set(from);
  return (2 * BYTES) / (performance.now() - began) / 1e6;
}
