// Raw rows → ids and numbers, in this process: the row functions (schema/rows.ts), then the vocabularies' indexes. It
// comes to the ids that `prepare` gives the same row with joins, and counts the values that no vocabulary knows.
import type { VocabularyIndex } from '../formats/vocabulary-index.js';
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
  private readonly values: Value[] = []; // (F)
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
    const { reader, indexes, values, row } = this;
    reader.read(raw, values, this.raw);
    let end = 0;
    for (let f = 0; f < indexes.length; f++) {
      const value = values[f];
      row.oov[f] = 0;
      if (typeof value === 'string' || value === null) this.add(f, value, end++);
      else for (const element of value) this.add(f, element, end++);
      row.ends[f] = end;
    }
    for (let n = 0; n < this.numbers.length; n++) row.numbers[n] = numberInput(this.raw[n], this.numbers[n]);
    return row;
  }

  private add(field: number, value: string | null, at: number): void {
    const { row } = this;
    if (at === row.ids.length) {
      const grown = new Uint32Array(2 * row.ids.length);
      grown.set(row.ids);
      row.ids = grown;
    }
    const id = this.indexes[field].idOf(value);
    if (id === 0) row.oov[field]++;
    row.ids[at] = id;
  }
}
