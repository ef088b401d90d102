// The rows of a batch while it waits for a thread: as texts, which the thread encodes, or as ids. A batch has one of both.
import type { RawRow } from '../schema/rows.js';
import type { BatchArrays, BatchShape } from './batch-memory.js';
import { RowBatch } from './row-batch.js';
import { type CellTexts, RowTexts, startOf } from './row-texts.js';

/** A batch is full when it has that many bytes of text: a row may be long, and batches stay in memory. */
const MOST_TEXT_BYTES = 1 << 20;

export class QueuedRows {
  private readonly encoded: RowBatch;
  private readonly raw: RowTexts;

  /** @param columns of raw rows, in the order of the encoder */
  constructor(
    private readonly shape: BatchShape,
    arrays: BatchArrays,
    private readonly columns: readonly string[],
  ) {
    this.encoded = new RowBatch(shape, arrays);
    this.raw = new RowTexts(columns.length);
  }

  get rows(): number {
    return this.raw.rows + this.encoded.rows;
  }

  get isFull(): boolean {
    return this.rows === this.shape.batchRows || this.raw.textBytes >= MOST_TEXT_BYTES;
  }

  /** The rows that have to be encoded; null if they are already. */
  get texts(): CellTexts | null {
    const { rows, text, ends } = this.raw;
    return rows === 0 ? null : { rows, text, ends };
  }

  /** Adds a raw row. @returns whether there was room. @throws BadCell */
  addRow(row: RawRow): boolean {
    if (this.isFull || this.encoded.rows > 0) return false;
    this.raw.addRow(row, this.columns);
    return true;
  }

  /** Adds rows from `first` on, as many as there is room for. @returns how many */
  addTexts(texts: CellTexts, first: number): number {
    if (this.isFull || this.encoded.rows > 0) return 0;
    const { length: columns } = this.columns;
    const room = startOf(texts.ends, first * columns) + MOST_TEXT_BYTES - this.raw.textBytes;
    const most = Math.min(texts.rows - first, this.shape.batchRows - this.raw.rows);
    let count = 1;
    while (count < most && startOf(texts.ends, (first + count) * columns) < room) count++;
    this.raw.addRows(texts, first, count);
    return count;
  }

  /** Adds rows that are ids already, as many as there is room for: see RowBatch. @returns how many */
  addEncoded(ids: Uint32Array, numbers: Float32Array | undefined, count: number): number {
    return this.raw.rows > 0 ? 0 : this.encoded.addEncoded(ids, numbers, count);
  }

  clear(): void {
    this.raw.clear();
    this.encoded.clear();
  }
}
