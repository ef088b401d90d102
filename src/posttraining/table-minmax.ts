// One grid for the whole table, between its least and its greatest value (TABLE of the paper): what a row loses to rows
// larger than itself. Each row still stores the scale and bias, as every affine layout does.
import { fullRange, type Range, rangeQuantizer } from './affine-row.js';
import { type QuantizerSpec, quantizedBits, type RowSource } from './quantizer.js';

/** Values read at once while looking for the range. */
const BLOCK_VALUES = 2 ** 18;

async function tableRange(table: RowSource): Promise<Range> {
  const whole: Range = { least: Infinity, most: -Infinity };
  const block: Range = { ...whole };
  const { rows, dim } = table;
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / dim));
  const buffer = new Float32Array(Math.min(rows, blockRows) * dim);
  for (let first = 0; first < rows; first += blockRows) {
    const values = buffer.subarray(0, Math.min(blockRows, rows - first) * dim); // (n, D)
    await table.read(first, values);
    fullRange(values, 0, values.length, block);
    if (block.least < whole.least) whole.least = block.least;
    if (block.most > whole.most) whole.most = block.most;
  }
  return whole;
}

/** TABLE of the paper. */
export const tableMinMax = {
  summary: 'all rows between the least and the greatest value of the table (TABLE)',
  kind: 'affine',
  bits: quantizedBits,
  async create(settings, table) {
    const { least, most } = await tableRange(table);
    return rangeQuantizer(settings, (_values, _from, range) => {
      range.least = least;
      range.most = most;
    });
  },
} as const satisfies QuantizerSpec<'affine'>;
