// Raw rows → ids, in this process: the row functions (schema/rows.ts), then the vocabularies' indexes. It comes to
// the ids that `prepare` gives the same row with joins, and counts the values that no vocabulary knows.
import { UserError } from '../errors.js';
import type { VocabularyIndex } from '../formats/vocabulary-index.js';
import { type RawRow, RowReader, type Value } from '../schema/rows.js';
import { listFields, type Schema, vocabularyOf } from '../schema/schema.js';

/** Encodes rows of one schema. */
export class RowEncoder {
  private readonly reader: RowReader;
  private readonly indexes: VocabularyIndex[]; // (F)
  private readonly values: Value[] = []; // (F)

  /** @throws UserError for a schema that cannot be scored yet */
  constructor(schema: Schema, indexes: ReadonlyMap<string, VocabularyIndex>) {
    const lists = listFields(schema);
    if (lists.length > 0) {
      throw new UserError(`Raw rows with fields that hold lists cannot be scored yet: ${lists.join(', ')}.`);
    }
    this.reader = new RowReader(schema);
    this.indexes = schema.fields.map((field) => {
      const index = indexes.get(vocabularyOf(field));
      if (!index) throw new Error(`There is no index of the vocabulary '${vocabularyOf(field)}'.`);
      return index;
    });
  }

  /**
   * Encodes one row.
   *
   * @param ids receives the row's ids (F) from `at` on
   * @param oov (F), counts the values that are not in their vocabulary
   * @throws BadCell for a cell that cannot be read; the caller knows where the row stands
   */
  encode(row: RawRow, ids: Uint32Array, at: number, oov: Float64Array): void {
    const { reader, indexes, values } = this;
    reader.read(row, values);
    for (let f = 0; f < indexes.length; f++) {
      const id = indexes[f].idOf(values[f] as string | null);
      if (id === 0) oov[f]++;
      ids[at + f] = id;
    }
  }
}
