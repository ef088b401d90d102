// Lines of memory: what the caches hold, and copies of single rows. `memory.copy` of so few bytes is a call out of WebAssembly, which costs more than the copy.

/** Of a line of the caches. Where they are longer, some are asked for twice. */
export const LINE_BYTES: u32 = 64;

let lastTouched: u32 = 0;

/** Loads whose result nobody uses would be left out by the compiler. */
// @ts-ignore: decorator
@inline
export function keepLoads(touched: u32): void {
  lastTouched = touched;
}

/** `bytes`, a multiple of 4, from one place to another that it does not overlap. */
// @ts-ignore: decorator
@inline
export function copyLine(to: usize, from: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) v128.store(to + j, v128.load(from + j));
  for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(from + j));
}
