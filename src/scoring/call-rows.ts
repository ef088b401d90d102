// The rows of a call, and how they get into batches: raw ones are encoded on the way, encoded ones copied.
import { UserError } from '../errors.js';
import { BadCell } from '../schema/bad-cell.js';
import type { RawRow } from '../schema/rows.js';
import { LongRow, type RowBatch } from './row-batch.js';
import type { RowEncoder } from './row-encoder.js';

/** Rows that a batch can be filled with. */
export interface CallRows {
  readonly length: number;
  /**
   * Adds rows from `first` on, as many as fit, and counts their OOV ids by field.
   *
   * @returns whether the batch is full
   * @throws UserError for a row that cannot be added, saying which; those before it are in the batch
   */
  addTo(batch: RowBatch, first: number, oov: Float64Array): boolean;
}

/** Cells by column. */
export class RawCallRows implements CallRows {
  constructor(
    private readonly rows: readonly RawRow[],
    private readonly encoder: RowEncoder,
  ) {}

  get length(): number {
    return this.rows.length;
  }

  addTo(batch: RowBatch, first: number, oov: Float64Array): boolean {
    const { rows, encoder } = this;
    for (let i = first; i < rows.length; i++) {
      try {
        const row = encoder.encode(rows[i]);
        if (!batch.add(row)) return true;
        for (let f = 0; f < oov.length; f++) oov[f] += row.oov[f];
      } catch (error) {
        throw error instanceof BadCell || error instanceof LongRow ? error.at(`Row ${i}`) : error;
      }
    }
    return false;
  }
}

/** Rows as ids, for callers that keep vocabularies of their own. */
export interface EncodedRows {
  rows: number;
  /** (rows, F), local to each field's vocabulary; 0, and whatever the vocabulary does not have, is OOV. */
  ids: Uint32Array;
  /** (rows, N), standardised as the model takes them; absent where it takes none. */
  numbers?: Float32Array | undefined;
}

/** Ids and numbers. */
export class EncodedCallRows implements CallRows {
  private readonly ids: Uint32Array;
  readonly length: number;

  /**
   * @param sizes (F), of the fields' vocabularies
   * @throws UserError for arrays of another size
   */
  constructor(
    private readonly encoded: EncodedRows,
    private readonly sizes: readonly number[],
    private readonly width: number,
  ) {
    const { rows, ids, numbers } = encoded;
    const F = sizes.length;
    if (ids.length !== rows * F || (numbers?.length ?? 0) !== rows * width) {
      throw new UserError(
        `${rows} encoded rows have ${ids.length} ids and ${numbers?.length ?? 0} numbers (allowed: ${F} ids and ${width} numbers a row).`,
      );
    }
    this.length = rows;
    this.ids = ids.map((id, i) => (id < sizes[i % F] ? id : 0));
  }

  addTo(batch: RowBatch, first: number, oov: Float64Array): boolean {
    const { length, ids, sizes, width, encoded } = this;
    const F = sizes.length;
    const count = batch.addEncoded(
      ids.subarray(first * F),
      encoded.numbers?.subarray(first * width),
      length - first,
    );
    for (let i = first * F; i < (first + count) * F; i++) if (ids[i] === 0) oov[i % F]++;
    return first + count < length;
  }
}
