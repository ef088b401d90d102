// What quantizing took from rows, as an interface.

export interface RowLossKernels {
  /**
   * losses (count, 3), float64, of values (count, D) and what they are stored as, value = scale · code + bias rounded to fp32:
   * Σ (x − x̂)², Σ x², and 1 where all codes of the row are one, else 0. A sum over D is that of four lanes, element j in
   * lane j mod 4, as (0 + 1) + (2 + 3). `codes` are one a byte, scales and biases fp32; `losses` is a multiple of 8.
   */
  rowLosses(
    values: number,
    codes: number,
    scales: number,
    biases: number,
    count: number,
    dim: number,
    losses: number,
  ): void;
}
