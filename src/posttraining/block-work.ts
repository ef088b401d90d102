// The work on one block of rows: check, quantize, encode as the layout has it, and sum up the errors. All memory it needs is
// allocated once. A thread that works on blocks has one of these (quantize-table.ts). Within a block it goes by a few rows at a
// time: they stay in cache through all steps, and progress is told where a row takes long.
import { setImmediate } from 'node:timers/promises';
import { dtypes } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { blockChunk } from './block-chunk.js';
import { requireFinite, requireStorable } from './check-values.js';
import { createQuantizer } from './fast-quantizers.js';
import { entriesPerRow, type QuantizedFormat } from './layouts/layout.js';
import { type LayoutName, layouts } from './layouts/registry.js';
import type { PreparedTable } from './prepare-table.js';
import type { BlockQuantizer } from './quantizer.js';
import { addRowErrors, noRows, type RowErrorSums, sumRowErrors } from './row-errors.js';
import { rowLosses } from './row-losses.js';

/** What works on blocks of one table, one block at a time. */
export interface BlockLane extends LaneMemory {
  /**
   * Quantizes the first `rows` rows of `values` into `parts`. One call at a time.
   *
   * @param first their number in the table
   * @param onRows called now and then with rows of the block that are done
   * @throws UserError for a row that cannot be quantized; whatever `signal` says when it is aborted
   */
  run(
    first: number,
    rows: number,
    onRows?: (rows: number) => void,
    signal?: AbortSignal,
  ): Promise<RowErrorSums>;
}

/** Where a lane finds rows and leaves them. */
export interface LaneMemory {
  /** (blockRows, D). */
  readonly values: Float32Array;
  /** For each of the layout's row parts, room for blockRows rows. */
  readonly parts: readonly TensorArray[];
}

export interface BlockWork {
  /** As errors name it. */
  name: string;
  format: QuantizedFormat;
  layout: LayoutName;
  quantizer: BlockQuantizer;
  /** What rows are held against; undefined where the quantizer is min-max itself. */
  minMax: BlockQuantizer<'affine'> | undefined;
}

/** The work on blocks of a prepared table. */
export async function blockWork({
  table,
  method,
  layout,
  format,
  quantizer,
}: Pick<PreparedTable, 'table' | 'method' | 'layout' | 'format' | 'quantizer'>): Promise<BlockWork> {
  const { dim, bits, side } = format;
  const minMax =
    method === 'minmax' ? undefined : await createQuantizer('minmax', { dim, bits, side }, table);
  return { name: table.name, format, layout, quantizer, minMax };
}

/** Values of a block: as many as are worth a read. */
const BLOCK_VALUES = 2 ** 18;
/** Between two looks at what else is to be done. */
const YIELD_MS = 50;

/** Rows of a block of width D: about 1 MiB of values, in whole steps of 64 rows. */
export function blockRowsOf(dim: number): number {
  const rows = Math.max(1, Math.floor(BLOCK_VALUES / dim));
  return rows < 64 ? rows : rows - (rows % 64);
}

/** Memory of a lane, ordinary or shared between threads. */
export function laneMemory(
  { format, layout }: Pick<BlockWork, 'format' | 'layout'>,
  blockRows: number,
  isShared = false,
): LaneMemory {
  // Typed arrays lie in either; the types of TypeScript's library name one.
  const room = (bytes: number) =>
    (isShared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)) as ArrayBuffer;
  return {
    values: new Float32Array(room(blockRows * format.dim * 4)),
    parts: layouts[layout].rowParts(format).map((part) => {
      const { array, bytes } = dtypes[part.dtype];
      return new array(room(blockRows * entriesPerRow(part) * bytes));
    }),
  };
}

/** A lane that does its work on this thread. */
export function blockLane(work: BlockWork, { values, parts }: LaneMemory): BlockLane {
  const { name, format, layout, quantizer, minMax } = work;
  const { dim, side } = format;
  const chunk = blockChunk(work, values, parts);
  const { block, losses, minMax: other } = chunk;

  const runChunk = (first: number, from: number, rows: number): RowErrorSums => {
    const { values: given, parts: out } = chunk.enter(from, rows);
    requireFinite(name, first, dim, given);
    quantizer.quantize(given, block, first);
    requireStorable(name, first, rows, dim, given, block, side);
    layouts[layout].encode(format, block, rows, out);
    chunk.leave(from, rows);
    rowLosses(given, block, format, rows, losses, chunk.work, quantizer.codebooks);
    if (minMax && other) {
      minMax.quantize(given, other.block);
      rowLosses(given, other.block, format, rows, other.losses, chunk.work);
    }
    return sumRowErrors(first, rows, losses, other?.losses);
  };

  return {
    values,
    parts,
    async run(first, rows, onRows, signal) {
      const sums = noRows();
      let looked = performance.now();
      for (let from = 0; from < rows; from += chunk.rows) {
        addRowErrors(sums, runChunk(first + from, from, Math.min(chunk.rows, rows - from)));
        if (performance.now() - looked < YIELD_MS) continue;
        await setImmediate();
        looked = performance.now();
        signal?.throwIfAborted();
        onRows?.(Math.min(rows, from + chunk.rows));
      }
      return sums;
    },
  };
}
