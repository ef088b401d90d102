// Copies of single rows. `memory.copy` of so few bytes is a call out of WebAssembly, which costs more than the copy.

/** `bytes`, a multiple of 4, from one place to another that it does not overlap. */
// @ts-ignore: decorator
@inline
export function copyLine(to: usize, from: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) v128.store(to + j, v128.load(from + j));
  for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(from + j));
}
