// The rows of POST /predict from a request's bytes, in one walk: no text, no object, no key is made on the way, which is most
// of what JSON.parse takes. It knows what requests are like: an array of flat objects of known columns. Whatever else comes,
// wrong or only unusual, it leaves to the reader of predict-protocol.ts, which finds the words; what it takes, that one takes
// for the same cells (a property holds them to it).
import { numberText } from '../schema/cell.js';
import { type CellTexts, RowTexts } from '../scoring/row-texts.js';
import { plainCell } from './cells.js';
import type { Limits } from './limits.js';

/** Where something stands that has to be looked at closely. */
const UNUSUAL = -1;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_ROW, CLOSE_ROW] = [0x5b, 0x5d, 0x7b, 0x7d];
const [ZERO, NINE, MINUS] = [0x30, 0x39, 0x2d];

/** Whole numbers of up to as many digits are exact, and are their own texts. */
const EXACT_DIGITS = 15;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const [yes, no, nothing] = ['true', 'false', 'null'].map((text) => Buffer.from(text));
const literals = [yes, no, nothing];

interface Column {
  name: Uint8Array;
  /** Of the cells; −1 for one that says nothing to the model. */
  cell: number;
  /** Number of the last row that had it. */
  row: number;
}

/** Scans the requests of one model. */
export class RowScanner {
  /** By name, a byte of it a character. */
  private readonly columns: ReadonlyMap<string, Column>;
  /** The columns in the order of the row before: most often that of all rows. */
  private readonly order: Column[] = [];
  private readonly texts: RowTexts;
  /** (C), where the cells of the row are in the body; of those that are written in another way, their texts. */
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;
  private readonly made: (string | undefined)[] = [];
  private row = 0;
  private textLength = 0;

  /**
   * @param inputs columns of the cells, in their order
   * @param known these, and those which say nothing to the model
   */
  constructor(inputs: readonly string[], known: Iterable<string>) {
    const columns = new Map<string, Column>();
    for (const column of known) {
      // Names that JSON writes in another way are not looked for.
      if (JSON.stringify(column) !== `"${column}"`) continue;
      const name = Buffer.from(column);
      columns.set(name.toString('latin1'), { name, cell: inputs.indexOf(column), row: 0 });
    }
    this.columns = columns;
    this.texts = new RowTexts(inputs.length);
    this.starts = new Uint32Array(inputs.length);
    this.ends = new Uint32Array(inputs.length);
  }

  /** The rows of a body in UTF-8, null for one that has to be looked at closely. */
  scan(body: Buffer, { rows, textLength }: Pick<Limits, 'rows' | 'textLength'>): CellTexts | null {
    const { texts } = this;
    texts.clear();
    this.textLength = textLength;
    let at = skipSpace(body, 0);
    if (body[at] !== OPEN_LIST) return null;
    do {
      at = this.scanRow(body, skipSpace(body, at + 1));
      if (at === UNUSUAL || texts.rows > rows) return null;
      at = skipSpace(body, at);
    } while (body[at] === COMMA);
    return body[at] === CLOSE_LIST && skipSpace(body, at + 1) === body.length ? texts.copy() : null;
  }

  /** @returns where the row is over */
  private scanRow(body: Buffer, start: number): number {
    const { starts, ends, made, texts } = this;
    if (body[start] !== OPEN_ROW) return UNUSUAL;
    this.row++;
    starts.fill(0);
    ends.fill(0);
    made.length = 0;
    let at = skipSpace(body, start + 1);
    for (let k = 0; body[at] !== CLOSE_ROW || k > 0; k++) {
      at = this.scanCell(body, at, k);
      if (at === UNUSUAL) return UNUSUAL;
      at = skipSpace(body, at);
      if (body[at] === CLOSE_ROW) break;
      if (body[at] !== COMMA) return UNUSUAL;
      at = skipSpace(body, at + 1);
    }
    for (let c = 0; c < starts.length; c++) {
      const text = c < made.length ? made[c] : undefined;
      if (text === undefined) texts.addBytes(body, starts[c], ends[c]);
      else texts.addText(text);
    }
    texts.endRow();
    return at + 1;
  }

  /** A key and its value. @returns where the value is over */
  private scanCell(body: Buffer, start: number, k: number): number {
    if (body[start] !== QUOTE) return UNUSUAL;
    const column = this.columnAt(body, start + 1, k);
    if (column === undefined || column.row === this.row) return UNUSUAL;
    column.row = this.row;
    const colon = skipSpace(body, start + 2 + column.name.length);
    if (body[colon] !== COLON) return UNUSUAL;
    const at = skipSpace(body, colon + 1);
    const first = body[at];
    if (first === QUOTE) return this.scanText(body, at + 1, column);
    if (first === MINUS || (first >= ZERO && first <= NINE)) return this.scanNumber(body, at, column);
    for (const literal of literals) {
      if (!isAt(literal, body, at)) continue;
      if (literal !== nothing) this.take(column, at, at + literal.length);
      return at + literal.length;
    }
    return UNUSUAL;
  }

  /** The column whose name begins here and ends with a quote. */
  private columnAt(body: Buffer, start: number, k: number): Column | undefined {
    const expected = this.order[k];
    if (expected && isAt(expected.name, body, start) && body[start + expected.name.length] === QUOTE)
      return expected;
    const end = body.indexOf(QUOTE, start);
    const column = this.columns.get(body.toString('latin1', start, end));
    if (column && k <= this.order.length) this.order[k] = column;
    return column;
  }

  private scanText(body: Buffer, start: number, column: Column): number {
    let at = start;
    for (; body[at] !== QUOTE; at++) {
      // Also where the body is over.
      if (!(body[at] >= 0x20)) return UNUSUAL;
      if (body[at] === BACKSLASH) return this.scanEscaped(body, start, column);
    }
    if (at - start > this.textLength) return UNUSUAL;
    this.take(column, start, at);
    return at + 1;
  }

  private scanEscaped(body: Buffer, start: number, column: Column): number {
    let at = start;
    for (; body[at] !== QUOTE; at++) {
      if (body[at] === BACKSLASH) at++;
      if (at >= body.length) return UNUSUAL;
    }
    try {
      const text = String(JSON.parse(body.toString('utf8', start - 1, at + 1)));
      if (text.length > this.textLength) return UNUSUAL;
      this.make(column, text);
    } catch {
      return UNUSUAL;
    }
    return at + 1;
  }

  private scanNumber(body: Buffer, start: number, column: Column): number {
    const digits = body[start] === MINUS ? start + 1 : start;
    let at = digits;
    while (body[at] >= ZERO && body[at] <= NINE) at++;
    const isZero = body[digits] === ZERO;
    const isOwnText = isZero ? at === start + 1 : at > digits && at - digits <= EXACT_DIGITS;
    if (isOwnText && (body[at] === COMMA || body[at] === CLOSE_ROW)) {
      this.take(column, start, at);
      return at;
    }
    while (at < body.length && ' \t\n\r,}'.indexOf(String.fromCharCode(body[at])) < 0) at++;
    const text = body.toString('latin1', start, at);
    const cell = number.test(text) ? plainCell(Number(text), 0) : undefined;
    if (typeof cell !== 'number') return UNUSUAL;
    this.make(column, numberText(cell));
    return at;
  }

  private take({ cell }: Column, start: number, end: number): void {
    if (cell < 0) return;
    this.starts[cell] = start;
    this.ends[cell] = end;
  }

  private make({ cell }: Column, text: string): void {
    if (cell >= 0) this.made[cell] = text;
  }
}

function isAt(bytes: Uint8Array, body: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (body[at + i] !== bytes[i]) return false;
  return true;
}

/** The first place from `at` on that is no white space of JSON. */
function skipSpace(body: Uint8Array, at: number): number {
  let next = at;
  while (
    body[next] === 0x20 ||
    (body[next] <= 0x0d && (body[next] === 0x0a || body[next] === 0x0d || body[next] === 0x09))
  )
    next++;
  return next;
}
