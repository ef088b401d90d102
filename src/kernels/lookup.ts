// The dequantizing lookup as an interface: packed rows of a quantized table, summed into fp32. Tables of every layout
// are seen through strides: where row 0's codes, scale and bias are, and how far the next row's are from them.

/**
 * Lookups in packed rows of M = 8, 4 or 2 bits, lowest bits first. Arguments are byte addresses and counts, as of all kernels.
 *
 * `out` (segments, D) is of each segment the sum of rows[k], k from offsets[s] to offsets[s + 1] − 1: from +0 on, one fp32 addition
 * a row, in that order; an empty segment is 0. With `offsets` 0 row k is segment k. A value is rounded to fp32 once: one row looked
 * up is what dequantizing it gives. Up to 4 bytes behind a row's codes may be read, none of them used.
 */
export interface LookupKernels {
  /**
   * value = scale · code + bias; with `biases` 0, scale · (code − origin). Row r's codes are at codes + r·codeStride, its scale
   * at scales + r·sideStride, its bias at biases + r·sideStride. `sideBytes`: 4, fp32, or 2, half precision.
   */
  lookupAffine(
    codes: number,
    codeStride: number,
    scales: number,
    biases: number,
    sideStride: number,
    sideBytes: number,
    origin: number,
    bits: number,
    dim: number,
    rows: number,
    offsets: number,
    segments: number,
    out: number,
  ): void;
  /**
   * value = codebooks[c][code] of codebooks (·, 2^M). c is clusters[r], of `clusterBytes` 1, 2 or 4, or with `clusterBytes` 0
   * the row itself.
   */
  lookupCodebook(
    codes: number,
    codeStride: number,
    codebooks: number,
    sideBytes: number,
    clusters: number,
    clusterBytes: number,
    bits: number,
    dim: number,
    rows: number,
    offsets: number,
    segments: number,
    out: number,
  ): void;
  /**
   * Rows as training has them, each by itself: out (count, D) of rows (count), value = step · (code − origin) + bias, product and sum
   * rounded to fp32 one after the other. M = 16, 8, 4 or 2. With `steps` 0 the step is `tableStep`, with `biases` 0 the bias is 0;
   * both as in `lookupAffine`.
   */
  lookupSteps(
    codes: number,
    codeStride: number,
    steps: number,
    biases: number,
    sideStride: number,
    sideBytes: number,
    tableStep: number,
    origin: number,
    bits: number,
    dim: number,
    rows: number,
    count: number,
    out: number,
  ): void;
  /** The same of fp32 values: row r's are at values + r·stride. */
  lookupValues(values: number, stride: number, dim: number, rows: number, count: number, out: number): void;
}
