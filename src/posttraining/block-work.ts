// The work on one block of rows: check, quantize, encode as the layout has it, and sum up the errors. All memory it needs is
// allocated once. A thread that works on blocks has one of these (quantize-table.ts).

import { dtypes } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { allocateBlock, dequantizeBlock } from './blocks.js';
import { requireFinite, requireStorable } from './check-values.js';
import { entriesPerRow, type QuantizedFormat } from './layouts/layout.js';
import { type LayoutName, layouts } from './layouts/registry.js';
import type { BlockQuantizer } from './quantizer.js';
import { type RowErrorSums, sumRowErrors } from './row-errors.js';

/** What works on blocks of one table, one block at a time. */
export interface BlockLane {
  /** (blockRows, D): the rows to be quantized are put here. */
  readonly values: Float32Array;
  /** For each of the layout's row parts, room for blockRows rows: quantized rows are found here. */
  readonly parts: readonly TensorArray[];
  /**
   * Quantizes the first `rows` rows of `values`. One call at a time.
   *
   * @param first their number in the table
   * @throws UserError for a row that cannot be quantized
   */
  run(first: number, rows: number): Promise<RowErrorSums>;
}

export interface BlockWork {
  /** As errors name it. */
  name: string;
  format: QuantizedFormat;
  layout: LayoutName;
  quantizer: BlockQuantizer;
  /** What rows are held against; undefined where the quantizer is min-max itself. */
  minMax: BlockQuantizer<'affine'> | undefined;
  blockRows: number;
}

/** A lane on this thread. `memory` makes its arrays: ordinary ones unless given. */
export function blockLane({ name, format, layout, quantizer, minMax, blockRows }: BlockWork): BlockLane {
  const { dim, side } = format;
  const rowLayout = layouts[layout];
  const values = new Float32Array(blockRows * dim);
  const parts = rowLayout
    .rowParts(format)
    .map((part) => new dtypes[part.dtype].array(blockRows * entriesPerRow(part)));
  const block = allocateBlock(format, blockRows);
  const stored = new Float32Array(blockRows * dim);
  const other = minMax && allocateBlock({ ...format, kind: 'affine' }, blockRows);
  const byMinMax = minMax && new Float32Array(blockRows * dim);
  return {
    values,
    parts,
    async run(first, rows) {
      const given = values.subarray(0, rows * dim);
      requireFinite(name, first, dim, given);
      quantizer.quantize(given, block);
      requireStorable(name, first, rows, dim, given, block, side);
      rowLayout.encode(format, block, rows, parts);
      dequantizeBlock(block, format, rows, stored, quantizer.codebooks);
      if (minMax && other && byMinMax) {
        minMax.quantize(given, other);
        dequantizeBlock(other, format, rows, byMinMax);
      }
      return sumRowErrors(first, rows, dim, values, stored, byMinMax, block.codes);
    },
  };
}
