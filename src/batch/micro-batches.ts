// How a batch is cut into micro-batches, which keep activations in cache and are what threads share out. The cut
// depends on the number of rows alone, never on threads: sums over micro-batches have one order everywhere.

/** Rows `firstRow` to `firstRow + rows` of a batch; `paddedRows` is a multiple of 16, the rest weigh 0. */
export interface MicroBatch {
  readonly firstRow: number;
  readonly rows: number;
  readonly paddedRows: number;
}

/** The most rows a micro-batch has unless the user says otherwise. */
const DEFAULT_ROWS = 2000;

/**
 * The micro-batches of a batch: 8 at B = 10,000, 4 at B = 4,096.
 *
 * The number is the smallest power of two for which each has at most `mostRows`; each has ⌈B / number / 16⌉ · 16
 * rows, the last fewer. Above some 64,000 rows the rounding up to 16 can leave nothing for the last ones; they are
 * left out.
 *
 * @param mostRows padding included; at least 16
 */
export function microBatches(batchRows: number, mostRows: number = DEFAULT_ROWS): MicroBatch[] {
  if (!(mostRows >= 16)) throw new RangeError(`${mostRows} rows of a micro-batch are fewer than 16`);
  let number = 1;
  while (paddedRows(batchRows / number) > mostRows) number *= 2;
  const microRows = paddedRows(batchRows / number);
  const cut: MicroBatch[] = [];
  for (let firstRow = 0; firstRow < batchRows; firstRow += microRows) {
    const rows = Math.min(microRows, batchRows - firstRow);
    cut.push({ firstRow, rows, paddedRows: paddedRows(rows) });
  }
  return cut;
}

/** Rows with padding: a multiple of 16, so that products have no ragged edge. */
export function paddedRows(rows: number): number {
  return Math.ceil(rows / 16) * 16;
}
