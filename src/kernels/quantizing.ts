// The kernels that quantize rows, as an interface. What they do in every bit is said where quantizers are, in posttraining/:
// its references are the specification, its tests hold the kernels to it.

/** Which points of the way of a greedy search may become the range. */
export const searchRules = {
  /** The best of those from which both ways on lose more: PyTorch's. */
  turning: 0,
  /** The best of all; the search ends at `mostLost` times its loss. */
  best: 1,
} as const;

/**
 * Values are (count, D); `codes` are (count, D), one a byte; scales and biases (count) are fp32, numbers that `sideBytes` bytes
 * have: 4, or 2 of half precision. Addresses of floats are multiples of 4.
 */
export interface QuantizingKernels {
  quantizeMinMax(
    values: number,
    count: number,
    dim: number,
    bits: number,
    sideBytes: number,
    codes: number,
    scales: number,
    biases: number,
  ): void;
  /**
   * Ranges by greedy search in steps of 1/bins of a row's whole range, while more than `binsKept` of them are left. `rule`: of
   * searchRules. `work`: room for 4·D floats.
   */
  quantizeGreedy(
    values: number,
    count: number,
    dim: number,
    bits: number,
    sideBytes: number,
    bins: number,
    binsKept: number,
    rule: number,
    mostLost: number,
    codes: number,
    scales: number,
    biases: number,
    work: number,
  ): void;
  /** Packs codes (count, D), one a byte, lowest bits first; a row begins every `rowBytes`. */
  packBytes(codes: number, count: number, dim: number, bits: number, out: number, rowBytes: number): void;
  /** Writes the scale and the bias of each row at `out`, `out` + rowBytes, … */
  storeSides(
    scales: number,
    biases: number,
    count: number,
    sideBytes: number,
    out: number,
    rowBytes: number,
  ): void;
}
