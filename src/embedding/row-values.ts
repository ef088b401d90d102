// What gives rows of values, however they are stored: the table that training writes (table.ts), or the packed rows of a
// bundle. Whoever scores knows no more of a table than this.

/** Rows of a table as one thread reads them. */
export interface RowValues {
  /** D. */
  readonly dim: number;
  /** V. */
  readonly rows: number;
  /** Values (n, D) of rows in any order, any of them more than once; fastest when ascending. */
  read(rows: Uint32Array, values: Float32Array): void;
  /** Steps (n), 1 where rows have none. */
  readSteps(rows: Uint32Array, steps: Float32Array): void;
  /** Biases (n), 0 where rows have none. */
  readBiases(rows: Uint32Array, biases: Float32Array): void;
}
