// The rows of a call, and how they get into batches: raw ones as texts, encoded ones as they are.
import { UserError } from '../errors.js';
import { BadCell } from '../schema/bad-cell.js';
import type { RawRow } from '../schema/rows.js';
import type { QueuedRows } from './queued-rows.js';
import type { CellTexts } from './row-texts.js';

/** Rows that a batch can be filled with. */
export interface CallRows {
  readonly length: number;
  /**
   * Adds rows from `first` on, as many as there is room for.
   *
   * @throws UserError for a row that cannot be added, saying which; those before it are in the batch
   */
  addTo(batch: QueuedRows, first: number): void;
}

/** Cells by column. */
export class RawCallRows implements CallRows {
  constructor(private readonly rows: readonly RawRow[]) {}

  get length(): number {
    return this.rows.length;
  }

  addTo(batch: QueuedRows, first: number): void {
    const { rows } = this;
    for (let i = first; i < rows.length; i++) {
      try {
        if (!batch.addRow(rows[i])) return;
      } catch (error) {
        throw error instanceof BadCell ? error.at(`Row ${i}`) : error;
      }
    }
  }
}

/** Cells that are texts already. */
export class TextCallRows implements CallRows {
  constructor(private readonly texts: CellTexts) {}

  get length(): number {
    return this.texts.rows;
  }

  addTo(batch: QueuedRows, first: number): void {
    batch.addTexts(this.texts, first);
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

  addTo(batch: QueuedRows, first: number): void {
    const { length, ids, sizes, width, encoded } = this;
    batch.addEncoded(
      ids.subarray(first * sizes.length),
      encoded.numbers?.subarray(first * width),
      length - first,
    );
  }
}
