// Raw rows as the texts of their cells (schema/cell.ts), UTF-8, one after the other: what is known of a row before its
// schema has been asked. Cells of one row follow each other in the order of the columns; one that is missing has no bytes.
// In shared memory, so that another thread can read them where they lie; grows as needed.
import { writeText } from '../formats/vocabulary-key.js';
import { cellText } from '../schema/cell.js';
import type { RawRow } from '../schema/rows.js';

/** Rows as texts. May be sent to a worker. */
export interface CellTexts {
  readonly rows: number;
  /** All texts. */
  readonly text: Uint8Array;
  /** (rows, C), where each cell ends in `text`; it begins where the one before it ends. */
  readonly ends: Uint32Array;
}

export class RowTexts implements CellTexts {
  rows = 0;
  text: Uint8Array;
  ends: Uint32Array;
  /** Bytes of text, and cells, that were added. */
  textBytes = 0;
  private cells = 0;

  constructor(
    readonly columns: number,
    { rows = 16, textBytes = 1024 } = {},
  ) {
    this.text = new Uint8Array(new SharedArrayBuffer(textBytes));
    this.ends = new Uint32Array(new SharedArrayBuffer(4 * rows * columns));
  }

  /** The texts of some rows. @throws BadCell */
  static of(rows: readonly RawRow[], columns: readonly { name: string }[]): CellTexts {
    const texts = new RowTexts(columns.length, { rows: rows.length });
    const names = columns.map(({ name }) => name);
    for (const row of rows) texts.addRow(row, names);
    return texts;
  }

  clear(): void {
    this.rows = this.textBytes = this.cells = 0;
  }

  /** Adds a row. @throws BadCell for a cell that has no text; then nothing is added */
  addRow(raw: RawRow, columns: readonly string[]): void {
    const { textBytes, cells } = this;
    try {
      for (const column of columns) this.addText(cellText(raw[column], column));
    } catch (error) {
      this.textBytes = textBytes;
      this.cells = cells;
      throw error;
    }
    this.endRow();
  }

  /** Adds rows of others. */
  addRows({ text, ends }: CellTexts, first: number, count: number): void {
    const { columns, cells, textBytes } = this;
    const from = first * columns;
    const to = from + count * columns;
    const start = startOf(ends, from);
    const bytes = startOf(ends, to) - start;
    this.makeRoom(bytes, to - from);
    this.text.set(text.subarray(start, start + bytes), textBytes);
    for (let i = from, at = cells; i < to; i++, at++) this.ends[at] = ends[i] - start + textBytes;
    this.textBytes += bytes;
    this.cells += to - from;
    this.rows += count;
  }

  /** Adds the next cell of the row that is being made: a text, null if missing. */
  addText(value: string | null): void {
    this.makeRoom(value === null ? 0 : 3 * value.length, 1);
    if (value !== null) this.textBytes = writeText(value, this.text, this.textBytes);
    this.ends[this.cells++] = this.textBytes;
  }

  /** Adds the next cell: the bytes from `start` to `end` − 1. */
  addBytes(from: Uint8Array, start: number, end: number): void {
    this.makeRoom(end - start, 1);
    const { text } = this;
    let to = this.textBytes;
    for (let i = start; i < end; i++) text[to++] = from[i];
    this.textBytes = to;
    this.ends[this.cells++] = to;
  }

  /** To be called when all cells of a row were added. */
  endRow(): void {
    this.rows++;
  }

  /** The rows, in memory as large as they are, of this thread. */
  copy(): CellTexts {
    return {
      rows: this.rows,
      text: new Uint8Array(this.text.subarray(0, this.textBytes)),
      ends: new Uint32Array(this.ends.subarray(0, this.cells)),
    };
  }

  private makeRoom(bytes: number, cells: number): void {
    if (this.textBytes + bytes > this.text.length) {
      const grown = new Uint8Array(new SharedArrayBuffer(2 * (this.textBytes + bytes)));
      grown.set(this.text.subarray(0, this.textBytes));
      this.text = grown;
    }
    if (this.cells + cells > this.ends.length) {
      const grown = new Uint32Array(new SharedArrayBuffer(8 * (this.cells + cells)));
      grown.set(this.ends.subarray(0, this.cells));
      this.ends = grown;
    }
  }
}

/** Where a cell begins in the text. */
export function startOf(ends: Uint32Array, cell: number): number {
  return cell === 0 ? 0 : ends[cell - 1];
}
