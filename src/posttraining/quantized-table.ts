// A quantized table in memory, as it is stored, and its rows as fp32 values again.

import { dtypes } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { allocateBlock, dequantizeBlock } from './blocks.js';
import { entriesPerRow, type QuantizedFormat } from './layouts/layout.js';
import { type LayoutName, layouts } from './layouts/registry.js';
import { readNumbers } from './layouts/side-numbers.js';
import {
  type PreparedTable,
  partsOf,
  prepareTable,
  storedBytes,
  type TableQuantization,
} from './prepare-table.js';
import { type QuantizeTableOptions, quantizeTable } from './quantize-table.js';
import type { RowSource } from './quantizer.js';
import { type RowErrors, rowErrors } from './row-errors.js';

/** A quantized table. As a source its rows are the values that the codes stand for. */
export class QuantizedTable implements RowSource {
  private readonly codebooks: Float32Array | undefined;

  /** @param arrays one for each of `partsOf`, in its order */
  constructor(
    readonly name: string,
    readonly layout: LayoutName,
    readonly format: QuantizedFormat,
    readonly arrays: readonly TensorArray[],
  ) {
    const books = arrays[layouts[layout].rowParts(format).length];
    if (books === undefined) return;
    this.codebooks = new Float32Array(books.length);
    readNumbers(books, books.length, this.codebooks);
  }

  get rows(): number {
    return this.format.rows;
  }

  get dim(): number {
    return this.format.dim;
  }

  /** Bytes of its arrays. */
  get sizeBytes(): number {
    return storedBytes(this);
  }

  async read(first: number, out: Float32Array): Promise<void> {
    this.readRows(first, out);
  }

  /** Fills `out` (n, D) with the values of the rows from `first` on. */
  readRows(first: number, out: Float32Array): void {
    const { format } = this;
    const rows = out.length / format.dim;
    const stored = layouts[this.layout].rowParts(format).map((part, i) => {
      const each = entriesPerRow(part);
      return this.arrays[i].subarray(first * each, (first + rows) * each);
    });
    const block = allocateBlock(format, rows);
    layouts[this.layout].decode(format, stored, rows, block);
    dequantizeBlock(block, format, rows, out, this.codebooks);
  }
}

/**
 * Quantizes a table in memory.
 *
 * @throws UserError as `prepareTable` and `quantizeTable` do
 * @example
 * const { table, errors } = await quantizeInMemory(source, { method: 'greedy', bits: 4 });
 */
export async function quantizeInMemory(
  source: RowSource,
  quantization: TableQuantization,
  options: QuantizeTableOptions = {},
): Promise<{ table: QuantizedTable; errors: RowErrors }> {
  return storeInMemory(await prepareTable(source, quantization), options);
}

/** Quantizes the rows of a prepared table into memory. @throws UserError as `quantizeTable` does */
export async function storeInMemory(
  prepared: PreparedTable,
  options: QuantizeTableOptions = {},
): Promise<{ table: QuantizedTable; errors: RowErrors }> {
  const { table, layout, format } = prepared;
  const parts = partsOf(prepared);
  const arrays = parts.map(({ dtype, shape }) => new dtypes[dtype].array(shape.reduce((a, b) => a * b, 1)));
  const filled = parts.map(() => 0);
  const sums = await quantizeTable(
    prepared,
    {
      async write(part, chunk) {
        const i = parts.findIndex(({ suffix }) => suffix === part.suffix);
        new Uint8Array(arrays[i].buffer).set(
          new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength),
          filled[i],
        );
        filled[i] += chunk.byteLength;
      },
    },
    options,
  );
  return { table: new QuantizedTable(table.name, layout, format, arrays), errors: rowErrors(sums) };
}
