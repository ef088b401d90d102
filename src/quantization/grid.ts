// The M-bit signed grid (eq. 1 and 2 of the ALPT paper): codes −2^(M−1) … 2^(M−1) − 1, value = step · code.

/** Widths a quantized table can be served in: `--bits`. */
export const codeBits = [2, 4, 8, 16] as const;
export type CodeBits = (typeof codeBits)[number];

/** Widths a code can be stored in; 6 and 12 only where fewer bits are served (nested-grid.ts). */
export const storedBits = [2, 4, 6, 8, 12, 16] as const;
export type StoredBits = (typeof storedBits)[number];

/** The limits of a grid's codes. */
export interface Grid {
  /** −2^(M−1). */
  readonly lowest: number;
  /** 2^(M−1) − 1, the paper's q. */
  readonly highest: number;
}

/** The grid of M bits. */
export function grid(bits: StoredBits): Grid {
  const half = 2 ** (bits - 1);
  return { lowest: -half, highest: half - 1 };
}

/** `x` limited to [low, high]; −0 and NaN as `Math.min` and `Math.max` treat them. */
export function limit(x: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, x));
}

/**
 * The first step of a learned table: 2·E|w| / √q for rows drawn from N(0, deviation²), as LSQ initialises it.
 * All rows start equal: a row's own few values would estimate E|w| badly, and rows rarely seen keep it.
 */
export function firstStep(deviation: number, bits: CodeBits): number {
  const meanMagnitude = deviation * Math.sqrt(2 / Math.PI);
  return (2 * meanMagnitude) / Math.sqrt(grid(bits).highest);
}

/** The fixed step of LPT with clip c: the lowest code stands for −c. */
export function clipStep(clip: number, bits: CodeBits): number {
  return clip / 2 ** (bits - 1);
}
