// The text of rows: cells of a shape's columns, written as bytes.
import type { DrawnRow } from './planted-model.js';
import type { Column, Shape } from './shape.js';

const zero = 48;
const newline = 10;
const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** No cell is longer. */
const mostCellBytes = 20;

/** Writes lines into a buffer that is made once. */
export class LineWriter {
  private readonly buffer: Uint8Array<ArrayBuffer>;
  private at = 0;
  private readonly separator: number;

  /** @param rows most rows between two calls of `take` */
  constructor(
    private readonly shape: Shape,
    rows: number,
    /** Rows of the whole file, over which the hours run. */
    private readonly totalRows: number,
  ) {
    this.buffer = new Uint8Array(rows * shape.columns.length * mostCellBytes);
    this.separator = shape.separator.charCodeAt(0);
  }

  /** The header line, where there is one. */
  static header({ header, separator }: Shape): string {
    return header ? `${header.join(separator)}\n` : '';
  }

  add(index: number, row: DrawnRow, label: 0 | 1): void {
    const { columns } = this.shape;
    for (let i = 0; i < columns.length; i++) {
      this.cell(columns[i], index, row, label);
      this.buffer[this.at++] = i + 1 < columns.length ? this.separator : newline;
    }
  }

  /** What was written since the last time: a copy. */
  take(): Uint8Array<ArrayBuffer> {
    const text = this.buffer.slice(0, this.at);
    this.at = 0;
    return text;
  }

  private cell(column: Column, index: number, { ranks, numbers }: DrawnRow, label: 0 | 1): void {
    switch (column.kind) {
      case 'label':
        this.buffer[this.at++] = zero + label;
        return;
      case 'row-id':
        this.whole(index);
        return;
      case 'hour':
        this.whole(hourOf(index, this.totalRows));
        return;
      case 'number': {
        const x = numbers[column.index];
        if (x >= 0) this.whole(x);
        return;
      }
      case 'category': {
        const { first } = this.shape.categories[column.index];
        const rank = ranks[column.index];
        if (first === undefined) this.hex(scrambled(rank, column.index));
        else this.whole(first + rank);
        return;
      }
      default:
        column satisfies never;
    }
  }

  /** A whole number from 0 up, in decimal digits. */
  private whole(n: number): void {
    let digits = 1;
    for (let power = 10; power <= n; power *= 10) digits++;
    let rest = n;
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      const next = Math.floor(rest / 10);
      this.buffer[at] = zero + (rest - 10 * next);
      rest = next;
    }
    this.at += digits;
  }

  private hex(n: number): void {
    for (let shift = 28; shift >= 0; shift -= 4) this.buffer[this.at++] = hexDigits[(n >>> shift) & 15];
  }
}

/** YYMMDDHH: ten days from 21 October 2014 on, the rows in the order of time. */
export function hourOf(index: number, totalRows: number): number {
  const hour = Math.floor((index / totalRows) * 240);
  return 14_102_100 + 100 * Math.floor(hour / 24) + (hour % 24);
}

/** 32 bits that look random, different for each rank of a field: every step can be undone. */
export function scrambled(rank: number, field: number): number {
  let x = rank ^ Math.imul(field + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
