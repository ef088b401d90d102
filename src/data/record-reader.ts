// Bytes of a text file → one line of text for each record, which SQL can take apart without knowing of quotes. The
// lines of a file without quotes and other oddities pass through untouched, whole blocks at a time.
//
//   a record    ends at a line feed (CR LF too) outside quotes; quotes by RFC 4180, a quote only at a cell's ends
//   in a line   cells stand between separators; where a cell holds one, a line end, or a control character that is
//               used here, an escape stands instead, and the line ends with the mark 0x02
//   bad record  0x03 and a letter (see badRecords) instead; it takes one line of the file, so that a quote too many
//               spoils no more than that. Blank lines become empty ones, those at the end of the file nothing.
import { isUtf8 } from 'node:buffer';

/** Why a record cannot be read, by the letter that stands for it. */
export const badRecords = {
  u: 'this is not UTF-8 text',
  q: 'a quote stands inside a value, or text after its closing quote',
  o: 'a quote is opened and not closed (within 1 MiB)',
  l: 'the line is longer than 1 MiB',
} as const;
type BadRecord = keyof typeof badRecords;

export interface RecordRules {
  /** One character of ASCII. */
  separator: string;
  /** Whether `"` quotes; otherwise it is a character like any other. */
  quotes: boolean;
  /** Hears of each record where it starts, as a line of the file from 1. Slower: every byte is looked at. */
  onRecord?: ((line: number) => void) | undefined;
}

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** DuckDB reads no line longer than two million bytes. */
const longestRecord = 2 ** 20;

const [lf, cr, quote, escapeByte] = [10, 13, 34, 27];
const [cellStart, plain, quoted, afterQuote] = [0, 1, 2, 3];
export const escapedMark = '\x02';
export const badMark = '\x03';

/** What stands for a character after the escape 0x1b. The escape itself is last: it must be undone last. */
export function escapesOf(separator: string): [character: string, letter: string][] {
  return [
    ['\n', 'n'],
    ['\r', 'r'],
    [separator, 's'],
    ['\x01', 'a'],
    ['\x02', 'b'],
    ['\x03', 'c'],
    ['\x1b', 'e'],
  ];
}

export class RecordReader {
  /** Bytes of a record whose end has not come yet. */
  private rest: Buffer = Buffer.alloc(0);
  private isAtStart = true;
  private blankLines = 0;
  private skipsToLineEnd = false;
  private line = 1;
  /** Bad records so far. */
  bad = 0;
  private readonly separator: number;
  /** By character: 0, or the letter that stands for it. */
  private readonly letters = new Uint8Array(256);

  constructor(private readonly rules: RecordRules) {
    this.separator = rules.separator.charCodeAt(0);
    for (const [character, letter] of escapesOf(rules.separator)) {
      this.letters[character.charCodeAt(0)] = letter.charCodeAt(0);
    }
  }

  /** The lines of all records that end in what was read so far; with `isLast`, of all there are. */
  read(chunk: Buffer, isLast: boolean): Buffer {
    let data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    if (this.isAtStart) {
      if (data.length < byteOrderMark.length && !isLast) {
        this.rest = data;
        return data.subarray(data.length);
      }
      this.isAtStart = false;
      if (byteOrderMark.every((byte, i) => data[i] === byte)) data = data.subarray(byteOrderMark.length);
    }
    if (this.skipsToLineEnd) {
      const end = data.indexOf(lf);
      data = end < 0 ? data.subarray(data.length) : data.subarray(end + 1);
      this.skipsToLineEnd = end < 0;
    }
    const block = data.subarray(0, data.lastIndexOf(lf) + 1);
    if (this.isOrdinary(block) && !(isLast && block.length < data.length)) {
      this.rest = data.subarray(block.length);
      return block;
    }
    return this.readCarefully(data, isLast);
  }

  private isOrdinary(block: Buffer): boolean {
    return (
      !this.rules.onRecord &&
      this.blankLines === 0 &&
      block.length > 0 &&
      block.length <= longestRecord &&
      block[0] !== lf &&
      !(this.rules.quotes && block.includes(quote)) &&
      !block.includes(cr) &&
      !block.includes('\n\n') &&
      !block.includes(1) &&
      !block.includes(2) &&
      !block.includes(3) &&
      isUtf8(block)
    );
  }

  private readCarefully(data: Buffer, isLast: boolean): Buffer {
    // A byte becomes two at most, and a record gets a mark and a line feed; blank lines may have been held back.
    const out = Buffer.allocUnsafe(this.blankLines + 4 * data.length + 4);
    const allUtf8 = isUtf8(data);
    let at = 0;
    let start = 0;
    while (start < data.length) {
      const record = this.readRecord(data, start, isLast, out, at + this.blankLines);
      if (record === undefined) break;
      const { end, stop, isBlank } = record;
      let { bad } = record;
      if (!allUtf8 && bad === undefined && !isUtf8(data.subarray(start, end))) bad = 'u';
      if (isBlank) {
        this.blankLines++;
      } else {
        for (; this.blankLines > 0; this.blankLines--) {
          out[at++] = lf;
          this.rules.onRecord?.(this.line - this.blankLines);
        }
        this.rules.onRecord?.(this.line);
        if (bad === undefined) {
          at = stop;
        } else {
          at += out.write(`${badMark}${bad}`, at, 'latin1');
          this.bad++;
        }
        out[at++] = lf;
      }
      if (this.rules.onRecord) this.countLines(data, start, end);
      start = end;
    }
    this.rest = data.subarray(start);
    return out.subarray(0, at);
  }

  /** Writes one record to `out` from `at` on. `end`: where the next one starts; `stop`: where writing stopped.
   * Undefined when the record goes on in bytes still to come. */
  private readRecord(
    data: Buffer,
    start: number,
    isLast: boolean,
    out: Buffer,
    at: number,
  ): OneRecord | undefined {
    const { separator, letters } = this;
    const { quotes } = this.rules;
    const length = data.length;
    let state = cellStart;
    let isEscaped = false;
    const bad = (reason: BadRecord): OneRecord | undefined => {
      const lineEnd = data.indexOf(lf, start);
      if (lineEnd < 0 && !isLast) {
        if (length - start <= longestRecord) return undefined;
        this.skipsToLineEnd = true;
      }
      return { end: lineEnd < 0 ? length : lineEnd + 1, stop: at, isBlank: false, bad: reason };
    };
    for (let i = start; i < length; i++) {
      if (i - start > longestRecord) return bad(state === quoted ? 'o' : 'l');
      const c = data[i];
      if (c === quote && quotes) {
        if (state === cellStart) {
          state = quoted;
          continue;
        }
        if (state === quoted) {
          if (i + 1 === length && !isLast) return undefined;
          if (data[i + 1] !== quote) {
            state = afterQuote;
            continue;
          }
          i++;
        } else {
          return bad('q');
        }
      } else if (state !== quoted) {
        if (c === lf || (c === cr && (data[i + 1] === lf || i + 1 === length))) {
          if (c === cr && i + 1 === length && !isLast) return undefined;
          const isBlank = i === start;
          if (isEscaped) out[at++] = escapedMark.charCodeAt(0);
          return { end: Math.min(c === cr ? i + 2 : i + 1, length), stop: at, isBlank, bad: undefined };
        }
        if (c === separator) {
          out[at++] = c;
          state = cellStart;
          continue;
        }
        if (state === afterQuote) return bad('q');
        state = plain;
      }
      const letter = letters[c];
      if (letter !== 0) {
        out[at++] = escapeByte;
        out[at++] = letter;
        isEscaped = true;
      } else {
        out[at++] = c;
      }
    }
    if (!isLast) return undefined;
    if (state === quoted) return bad('o');
    if (isEscaped) out[at++] = escapedMark.charCodeAt(0);
    return { end: length, stop: at, isBlank: false, bad: undefined };
  }

  private countLines(data: Buffer, start: number, end: number): void {
    for (let i = data.indexOf(lf, start); i >= 0 && i < end; i = data.indexOf(lf, i + 1)) this.line++;
  }
}

interface OneRecord {
  end: number;
  stop: number;
  isBlank: boolean;
  bad: BadRecord | undefined;
}

/** The cells of one line that a reader gave. */
export function cellsOf(line: string, separator: string): string[] {
  const isEscaped = line.endsWith(escapedMark);
  const cells = (isEscaped ? line.slice(0, -1) : line).split(separator);
  if (!isEscaped) return cells;
  return cells.map((cell) =>
    escapesOf(separator).reduce(
      (text, [character, letter]) => text.replaceAll(`\x1b${letter}`, character),
      cell,
    ),
  );
}
