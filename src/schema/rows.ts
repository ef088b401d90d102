// The TypeScript executor: what `prepare` computes in SQL (sql.ts), as a function of one raw row, for scoring in any
// process and in a browser: nothing here knows Node.js. As in SQL there are two layers. A *reading* is a column read
// as text, number or time, once per row; a *value* is a function of readings. The meaning is that of
// transformation.ts, and tests hold both executors to the same answer in every bit.
import { BadCell } from './bad-cell.js';
import { bucketThresholds, largestNumber } from './bucket.js';
import { type Cell, cellText } from './cell.js';
import { type Comparison, type Operator, parseComparison } from './comparison.js';
import { numberGrammar } from './grammar.js';
import { type Moment, readMoment, timePartText } from './moment.js';
import { inputColumnsOf, type Schema } from './schema.js';
import { crossParts, isList, sourceColumn, type Transformation, timeFormats } from './transformation.js';

/** The cells of a row by the names of their columns; a column that is not there is missing. */
export type RawRow = Readonly<Record<string, Cell>>;

/** What a field comes to: a text, null if missing; for a field that holds a list, its texts (never none of them). */
export type Value = string | null | readonly string[];

type Simple = Exclude<Transformation, { kind: 'cross' }>;

/** A row's readings, by the numbers that `Readings` gave them. */
interface ReadRow {
  texts: readonly (string | null)[];
  numbers: (number | null)[];
  times: (Moment | null)[];
}

type Compute<T = Value> = (row: ReadRow) => T;

/** Collects the readings that values need, each once, and reads them. */
class Readings {
  private readonly numberTexts: number[] = [];
  private readonly timeTexts: { text: number; format: keyof typeof timeFormats }[] = [];
  private readonly row: ReadRow = { texts: [], numbers: [], times: [] };

  constructor(readonly columns: readonly string[]) {}

  text(column: string): number {
    return this.columns.indexOf(column);
  }

  number(column: string): number {
    const text = this.text(column);
    return placeOf(this.numberTexts, (known) => known === text, text);
  }

  time(column: string, format: keyof typeof timeFormats): number {
    const text = this.text(column);
    return placeOf(this.timeTexts, (known) => known.text === text && known.format === format, {
      text,
      format,
    });
  }

  /** The row's readings, lent until the next call. @param texts of the columns. @throws BadCell */
  read(texts: readonly (string | null)[]): ReadRow {
    const { columns, numberTexts, timeTexts, row } = this;
    row.texts = texts;
    for (let i = 0; i < timeTexts.length; i++) {
      const { text, format } = timeTexts[i];
      const found = row.texts[text];
      const time = found === null ? null : readMoment(found, format);
      if (found !== null && time === null) {
        throw new BadCell(columns[text], found, `${timeFormats[format]}, or nothing`);
      }
      row.times[i] = time;
    }
    for (let i = 0; i < numberTexts.length; i++) {
      const found = row.texts[numberTexts[i]];
      const number = found === null ? null : readNumber(found);
      if (found !== null && number === null) {
        throw new BadCell(columns[numberTexts[i]], found, 'a number or nothing');
      }
      row.numbers[i] = number;
    }
    return row;
  }
}

function placeOf<T>(list: T[], isIt: (known: T) => boolean, otherwise: T): number {
  const at = list.findIndex(isIt);
  return at >= 0 ? at : list.push(otherwise) - 1;
}

type Rules = { [K in Simple['kind']]: (t: Extract<Simple, { kind: K }>, readings: Readings) => Compute };

const rules: Rules = {
  column(t, readings) {
    const text = readings.text(t.column);
    return (row) => row.texts[text];
  },
  trim: (t, readings) => mapText(compile(t.of, readings), isList(t.of), trimmed),
  lower: (t, readings) => mapText(compile(t.of, readings), isList(t.of), lowered),
  time(t, readings) {
    const time = readings.time(t.column, t.format);
    const part = timePartText[t.part];
    return ({ times }) => {
      const moment = times[time];
      return moment === null ? null : part(moment);
    };
  },
  bucket(t, readings) {
    const number = readings.number(t.column);
    return ({ numbers }) => {
      const x = numbers[number];
      return x === null ? null : bucketText(x, t.small);
    };
  },
  split(t, readings) {
    const of = compile(t.of, readings);
    return (row) => {
      const text = of(row);
      return typeof text === 'string' ? listOrNull(text.split(t.separator)) : null;
    };
  },
};

function compile(t: Simple, readings: Readings): Compute {
  // TypeScript cannot see that the rule found by `kind` takes this very kind.
  return (rules[t.kind] as (t: Simple, readings: Readings) => Compute)(t, readings);
}

/** A text that becomes empty is missing; a list is changed element by element. */
function mapText(of: Compute, list: boolean, change: (text: string) => string): Compute {
  if (list) {
    return (row) => {
      const value = of(row) as readonly string[] | null;
      return value === null ? null : listOrNull(value.map(change));
    };
  }
  return (row) => {
    const value = of(row) as string | null;
    return value === null ? null : change(value) || null;
  };
}

function listOrNull(texts: readonly string[]): readonly string[] | null {
  const kept = texts.filter((text) => text !== '');
  return kept.length === 0 ? null : kept;
}

function trimmed(text: string): string {
  return text.replace(/^[ \t\n\r]+/, '').replace(/[ \t\n\r]+$/, '');
}

/** Not toLowerCase, which knows more letters than A to Z. */
function lowered(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const isNumber = new RegExp(`^(?:${numberGrammar})$`);

/** The number that a text is, null where it is none. */
export function readNumber(text: string): number | null {
  if (!isNumber.test(text)) return null;
  const number = Number(text);
  return Math.abs(number) <= largestNumber ? number : null;
}

function bucketText(x: number, small: 'integer' | 'one'): string {
  if (x <= 2) return small === 'one' ? '1' : String(Math.trunc(x));
  // The logarithm only guesses, as in SQL; comparing with the thresholds decides. Bucket k starts at [k - 1].
  let bucket = Math.min(Math.floor(Math.log(x) ** 2), bucketThresholds.length);
  while (bucket > 0 && x < bucketThresholds[bucket - 1]) bucket--;
  while (bucket < bucketThresholds.length && x >= bucketThresholds[bucket]) bucket++;
  return String(bucket);
}

/** A part of a cross: \ and | are escaped, and missing is nothing. */
function crossPart(value: Value): string {
  const text = value as string | null;
  if (text === null) return '';
  return text.includes('|') || text.includes('\\') ? text.replace(/[\\|]/g, '\\$&') : text;
}

/**
 * Computes the values of a schema's fields from raw rows.
 *
 * @example
 * const reader = new RowReader({ label: 'y = 1', fields: [{ name: 'city', value: { kind: 'column', column: 'city' } }] });
 * reader.read({ city: 'Ghent' }); // ['Ghent']
 */
export class RowReader {
  private readonly readings: Readings;
  private readonly simple: Compute[] = [];
  /** Per field, the numbers of the simple values that it is made of. A cross joins its own with `|`. */
  readonly fields: readonly { readonly isCross: boolean; readonly parts: readonly number[] }[];
  /** The columns that are read, each once (`inputColumnsOf`). */
  readonly columns: readonly string[]; // (C)
  /** Per simple value, the number of the column that it is as it stands, −1 where something is made of one. */
  readonly plain: readonly number[];
  /** Numbers of the columns that something is made of. */
  readonly changed: readonly number[];
  /** Per numeric input, its reading. */
  private readonly numbers: number[];
  private readonly texts: (string | null)[] = []; // (C)
  private readonly values: Value[] = [];

  constructor(schema: Pick<Schema, 'fields' | 'numbers'>) {
    this.columns = inputColumnsOf(schema);
    const readings = new Readings(this.columns);
    this.readings = readings;
    const known: string[] = [];
    const plain: number[] = [];
    const changed = new Set<number>();
    this.fields = schema.fields.map(({ value }) => ({
      isCross: value.kind === 'cross',
      parts: crossParts(value).map((part) => {
        const text = JSON.stringify(part);
        const at = placeOf(known, (other) => other === text, text);
        this.simple[at] ??= compile(part, readings);
        plain[at] = part.kind === 'column' ? readings.text(part.column) : -1;
        if (part.kind !== 'column') changed.add(readings.text(sourceColumn(part)));
        return at;
      }),
    }));
    this.numbers = (schema.numbers ?? []).map(({ column }) => {
      changed.add(readings.text(column));
      return readings.number(column);
    });
    this.plain = plain;
    this.changed = [...changed];
  }

  /**
   * The values of a row's fields, in their order (F).
   *
   * @param numbers receives the numeric inputs as they stand (N), null if missing
   * @throws BadCell for a cell that cannot be read
   */
  read(raw: RawRow, out: Value[] = [], numbers: (number | null)[] = []): Value[] {
    const { fields, columns, texts } = this;
    for (let c = 0; c < columns.length; c++) texts[c] = cellText(raw[columns[c]], columns[c]);
    const values = this.readParts(texts, numbers);
    for (let f = 0; f < fields.length; f++) {
      const { isCross, parts } = fields[f];
      if (!isCross) {
        out[f] = values[parts[0]];
        continue;
      }
      let text = crossPart(values[parts[0]]);
      for (let i = 1; i < parts.length; i++) text += `|${crossPart(values[parts[i]])}`;
      out[f] = text;
    }
    return out;
  }

  /**
   * The simple values that the fields are made of, lent until the next row: for who puts crosses together by himself.
   *
   * @param texts of the columns (C); for who takes plain values from elsewhere, those of `changed` are enough
   * @param numbers as of `read`
   * @throws BadCell for a cell that cannot be read
   */
  readParts(texts: readonly (string | null)[], numbers: (number | null)[]): readonly Value[] {
    const { simple, values } = this;
    const row = this.readings.read(texts);
    for (let n = 0; n < this.numbers.length; n++) numbers[n] = row.numbers[this.numbers[n]];
    for (let i = 0; i < simple.length; i++) values[i] = simple[i](row);
    return values;
  }
}

const compare: Record<Operator, (a: number | string, b: number | string) => boolean> = {
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '!=': (a, b) => a !== b,
  '=': (a, b) => a === b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
};

/** The label of raw rows, 1 or 0, by a schema's comparison. The function it gives throws BadCell. */
export function labelReader(label: string): (raw: RawRow) => 0 | 1 {
  const { column, operator, value }: Comparison = parseComparison(label);
  const holds = compare[operator];
  return (raw) => {
    const text = cellText(raw[column], column);
    const found = text !== null && typeof value === 'number' ? readNumber(text) : text;
    if (found === null) throw new BadCell(column, text, typeof value === 'number' ? 'a number' : 'a text');
    return holds(found, value) ? 1 : 0;
  };
}
