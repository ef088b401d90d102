// The numeric bucket as a list of thresholds. Bucket k > 0 starts at e^√k, because ⌊(ln x)²⌋ ≥ k exactly when
// x ≥ e^√k. The thresholds are computed here, once, in float64; every executor compares with these very numbers,
// so no two logarithms ever have to agree. (No integer but 1 is e^√k, so for integers they agree with the
// author's logarithm as well.)

/** Numbers beyond this are refused: from there on float64 does not hold every integer. */
export const largestNumber = 2 ** 53;

/** Bucket k + 1 starts at bucketThresholds[k]; the last is open. Ascending, up to 2^53. */
export const bucketThresholds: readonly number[] = Array.from(
  { length: Math.floor(Math.log(largestNumber) ** 2) },
  (_, k) => Math.exp(Math.sqrt(k + 1)),
);
