// From random words to the numbers bitrow uses. Every function is exact in fp32.

/** (k + ½)·2^−23 with k the high 23 bits: strictly between 0 and 1, symmetric about ½. */
export function uniform(word: number): number {
  return ((word >>> 9) + 0.5) * 2 ** -23;
}

/** Standard deviation of the sum below, before scaling: four independent whole numbers 0 … 65535. */
const SUM_DEVIATION = Math.sqrt((65536 ** 2 - 1) / 3);

/** The factor that gives `deviate` the standard deviation `deviation`, as fp32. */
export function deviateScale(deviation: number): number {
  return Math.fround(deviation / SUM_DEVIATION);
}

/**
 * A nearly normal deviate from two words: the centred sum of their four 16-bit halves, scaled. No logarithm and no
 * cosine, so every machine and every kernel gets the same bits. Bounded at ±3.46 standard deviations.
 */
export function deviate(word0: number, word1: number, scale: number): number {
  const sum = (word0 & 0xffff) + (word0 >>> 16) + (word1 & 0xffff) + (word1 >>> 16) - 131070;
  return Math.fround(sum * scale);
}
