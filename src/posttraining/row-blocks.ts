// All rows of a table, block by block from the first to the last, through one buffer.
import type { RowSource } from './quantizer.js';

/** Values that are in memory at once. */
const BLOCK_VALUES = 2 ** 18;

/** Calls `visit` with blocks (n, D) in order; the array is used again by the next. */
export async function eachBlock(
  table: RowSource,
  visit: (values: Float32Array, first: number) => void,
): Promise<void> {
  const { rows, dim } = table;
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / dim));
  const buffer = new Float32Array(Math.min(rows, blockRows) * dim);
  for (let first = 0; first < rows; first += blockRows) {
    const values = buffer.subarray(0, Math.min(blockRows, rows - first) * dim);
    await table.read(first, values);
    visit(values, first);
  }
}
