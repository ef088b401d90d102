// The three ways a real number becomes a whole one. Nothing else in bitrow rounds a weight.

/** Half up, toward +∞: R_D of the ALPT paper (eq. 3). Exact for every float, unlike `Math.floor(x + 0.5)`. */
export function roundHalfUp(x: number): number {
  const floor = Math.floor(x);
  return floor + (Math.fround(x - floor) >= 0.5 ? 1 : 0);
}

/** Half to even, as torch, numpy and wasm's `nearest` do. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return floor + (rest > 0.5 ? 1 : 0);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Stochastic: up with probability `x − ⌊x⌋` (eq. 4), decided by the uniform `u` in (0, 1). Whole numbers stay. */
export function roundStochastic(x: number, u: number): number {
  const floor = Math.floor(x);
  return floor + (u < Math.fround(x - floor) ? 1 : 0);
}
