// Raw rows → ids and numbers, in this process: the row functions (schema/rows.ts), then the vocabularies' indexes. It
// comes to the ids that `prepare` gives the same row with joins, and counts the values that no vocabulary knows. The texts
// of a row become bytes once; crosses are put together of these, as `RowReader.read` does of texts.
import type { VocabularyIndex } from '../formats/vocabulary-index.js';
import { VocabularyKey } from '../formats/vocabulary-key.js';
import { type NumberStatistics, numberInput } from '../schema/number-input.js';
import { type RawRow, RowReader, type Value } from '../schema/rows.js';
import { type Schema, vocabularyOf } from '../schema/schema.js';

/** One row, lent until the next is encoded. */
export interface EncodedRow {
  /** Ids of all fields, one after the other: the first `ends[F − 1]`. */
  ids: Uint32Array;
  /** (F), where each field's ids end; a field with one value has one. */
  ends: Uint32Array;
  /** (F), ids that are OOV. */
  oov: Uint32Array;
  /** (N), standardised. */
  numbers: Float32Array;
}

/** Encodes rows of one schema. */
export class RowEncoder {
  private readonly reader: RowReader;
  private readonly indexes: VocabularyIndex[]; // (F)
  /** Texts of the row's simple values, one after the other. */
  private readonly text = new VocabularyKey();
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Whether a part of a cross has to be escaped. */
  private readonly isSpecial: boolean[] = [];
  private readonly key = new VocabularyKey();
  private readonly raw: (number | null)[] = []; // (N)
  private readonly row: EncodedRow;

  /** @param numbers what the model's numeric inputs are standardised by */
  constructor(
    schema: Schema,
    indexes: ReadonlyMap<string, VocabularyIndex>,
    private readonly numbers: readonly NumberStatistics[] = [],
  ) {
    this.reader = new RowReader(schema);
    this.indexes = schema.fields.map((field) => {
      const index = indexes.get(vocabularyOf(field));
      if (!index) throw new Error(`There is no index of the vocabulary '${vocabularyOf(field)}'.`);
      return index;
    });
    const fields = schema.fields.length;
    this.row = {
      ids: new Uint32Array(fields),
      ends: new Uint32Array(fields),
      oov: new Uint32Array(fields),
      numbers: new Float32Array(numbers.length),
    };
  }

  /** @throws BadCell for a cell that cannot be read; the caller knows where the row stands */
  encode(raw: RawRow): EncodedRow {
    const { reader, indexes, row } = this;
    const values = reader.readParts(raw, this.raw);
    this.takeTexts(values);
    let end = 0;
    for (let f = 0; f < indexes.length; f++) {
      const { isCross, parts } = reader.fields[f];
      const value = values[parts[0]];
      row.oov[f] = 0;
      if (isCross) this.add(f, this.idOfCross(f, parts), end++);
      else if (value === null) this.add(f, indexes[f].missingId, end++);
      else if (typeof value === 'string') this.add(f, this.idOfText(f, parts[0]), end++);
      else for (const element of value) this.add(f, indexes[f].idOf(element), end++);
      row.ends[f] = end;
    }
    for (let n = 0; n < this.numbers.length; n++) row.numbers[n] = numberInput(this.raw[n], this.numbers[n]);
    return row;
  }

  /** Makes bytes of the simple values that are texts; a missing one has none. */
  private takeTexts(values: readonly Value[]): void {
    const { text, starts, ends, isSpecial } = this;
    text.length = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      starts[i] = text.length;
      isSpecial[i] = typeof value === 'string' && text.appendText(value);
      ends[i] = text.length;
    }
  }

  private idOfText(field: number, part: number): number {
    const { key, text, starts, ends } = this;
    key.length = 0;
    key.appendBytes(text.bytes, starts[part], ends[part]);
    key.finish();
    return this.indexes[field].idOfKey(key);
  }

  private idOfCross(field: number, parts: readonly number[]): number {
    const { key, text, starts, ends, isSpecial } = this;
    key.length = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (i > 0) key.appendBar();
      if (isSpecial[part]) key.appendEscaped(text.bytes, starts[part], ends[part]);
      else key.appendBytes(text.bytes, starts[part], ends[part]);
    }
    key.finish();
    return this.indexes[field].idOfKey(key);
  }

  private add(field: number, id: number, at: number): void {
    const { row } = this;
    if (at === row.ids.length) {
      const grown = new Uint32Array(2 * row.ids.length);
      grown.set(row.ids);
      row.ids = grown;
    }
    if (id === 0) row.oov[field]++;
    row.ids[at] = id;
  }
}
