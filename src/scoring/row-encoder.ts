// Texts of raw rows → ids and numbers: the row functions (schema/rows.ts), then the vocabularies' indexes. It comes to the ids
// that `prepare` gives the same rows with joins, and counts the values that no vocabulary knows. Some rows at a time: the
// values of a field are looked up together. A plain column's bytes go into its key as they lie; only of columns that
// something is made of (a time, a number, a list) there is a text in between.

import type { VocabularyIndex } from '../formats/vocabulary-index.js';
import { writeText } from '../formats/vocabulary-key.js';
import { VocabularyKeys } from '../formats/vocabulary-keys.js';
import { BadCell } from '../schema/bad-cell.js';
import { type NumberStatistics, numberInput } from '../schema/number-input.js';
import { RowReader, type Value } from '../schema/rows.js';
import { type Schema, vocabularyOf } from '../schema/schema.js';
import { isList } from '../schema/transformation.js';
import { BLOCK_ROWS, type BlockEncoder, type EncodedBlock, emptyBlock, textOf } from './encoded-block.js';
import { type CellTexts, startOf } from './row-texts.js';

/** What rows are encoded by. */
export interface Encoding {
  schema: Schema;
  /** By the names of vocabularies. */
  indexes: ReadonlyMap<string, VocabularyIndex>;
  /** What the model's numeric inputs are standardised by. */
  numbers?: readonly NumberStatistics[] | undefined;
}

/** Encodes rows of one schema. */
export class RowEncoder implements BlockEncoder {
  /** Of the texts, in their order. */
  readonly columns: readonly string[]; // (C)
  private readonly reader: RowReader;
  private readonly fields: readonly { isCross: boolean; isList: boolean; parts: readonly number[] }[]; // (F)
  private readonly indexes: readonly VocabularyIndex[]; // (F)
  private readonly numbers: readonly NumberStatistics[]; // (N)
  /** Texts of the columns that something is made of, and what they make. */
  private readonly texts: (string | null)[] = []; // (C)
  private readonly rawNumbers: (number | null)[] = []; // (N)
  /** Bytes of the row's values that are made of something: value i from made[starts[i]] to made[ends[i] − 1]. */
  private made = new Uint8Array(256);
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Of field f and row b of the block, at f · BLOCK_ROWS + b. */
  private readonly keys: VocabularyKeys;
  private readonly found: Uint32Array;
  private readonly lists: (readonly number[])[] = [];
  private readonly block: EncodedBlock;

  /** @param mostIds that a row may have */
  constructor(
    { schema, indexes, numbers = [] }: Encoding,
    private readonly mostIds = Number.POSITIVE_INFINITY,
  ) {
    this.reader = new RowReader(schema);
    this.columns = this.reader.columns;
    this.numbers = numbers;
    this.fields = this.reader.fields.map((field, f) => ({
      ...field,
      isList: isList(schema.fields[f].value),
    }));
    this.indexes = schema.fields.map((field) => {
      const index = indexes.get(vocabularyOf(field));
      if (!index) throw new Error(`There is no index of the vocabulary '${vocabularyOf(field)}'.`);
      return index;
    });
    const segments = schema.fields.length * BLOCK_ROWS;
    this.keys = new VocabularyKeys(segments);
    this.found = new Uint32Array(segments);
    this.block = emptyBlock(schema.fields.length, numbers.length);
  }

  encode(texts: CellTexts, first: number): EncodedBlock {
    const { block, fields, keys, found } = this;
    block.rows = Math.min(BLOCK_ROWS, texts.rows - first);
    block.refused = [];
    keys.clear();
    for (let b = 0; b < block.rows; b++) this.takeRow(texts, first + b, b);
    for (let f = 0; f < fields.length; f++) {
      if (!fields[f].isList) this.indexes[f].idsOf(keys, f * BLOCK_ROWS, block.rows, found);
    }
    this.putTogether(first);
    return block;
  }

  /** Numbers and keys of a row, row `b` of the block, and the ids of its lists. */
  private takeRow(texts: CellTexts, row: number, b: number): void {
    const { reader, numbers, rawNumbers, block } = this;
    const cell = row * this.columns.length;
    for (const c of reader.changed) this.texts[c] = textOf(texts, cell + c);
    try {
      const values = reader.readParts(this.texts, rawNumbers);
      this.writeMade(values);
      this.makeKeys(texts, cell, values, b);
    } catch (error) {
      if (!(error instanceof BadCell)) throw error;
      const { column, found, expected } = error;
      block.refused.push({ row, reason: { kind: 'cell', column, found, expected } });
      rawNumbers.fill(null);
      this.makeNothing(b);
    }
    for (let n = 0, at = b * numbers.length; n < numbers.length; n++, at++)
      block.numbers[at] = numberInput(rawNumbers[n], numbers[n]);
  }

  /** Makes bytes of the row's values that are made of something. */
  private writeMade(values: readonly Value[]): void {
    const { starts, ends, reader } = this;
    let end = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      starts[i] = end;
      if (reader.plain[i] < 0 && typeof value === 'string') {
        if (end + 3 * value.length > this.made.length) {
          const grown = new Uint8Array(2 * (end + 3 * value.length));
          grown.set(this.made);
          this.made = grown;
        }
        end = writeText(value, this.made, end);
      }
      ends[i] = end;
    }
  }

  private makeKeys({ text, ends }: CellTexts, cell: number, values: readonly Value[], b: number): void {
    const { fields, indexes, keys, lists, reader, made } = this;
    for (let f = 0, place = b; f < fields.length; f++, place += BLOCK_ROWS) {
      const { parts, isCross, isList } = fields[f];
      if (isList) {
        const list = values[parts[0]];
        lists[place] = Array.isArray(list)
          ? list.map((value) => indexes[f].idOf(value))
          : [indexes[f].missingId];
        continue;
      }
      for (let i = 0; i < parts.length; i++) {
        const part = parts[i];
        const column = reader.plain[part];
        const isPlain = column >= 0;
        const bytes = isPlain ? text : made;
        const start = isPlain ? startOf(ends, cell + column) : this.starts[part];
        const end = isPlain ? ends[cell + column] : this.ends[part];
        if (i > 0) keys.appendBar();
        if (isCross) keys.appendEscaped(bytes, start, end);
        else keys.append(bytes, start, end);
      }
      keys.finish(place);
    }
  }

  /** Takes all values of a row for missing. */
  private makeNothing(b: number): void {
    const { fields, keys, lists } = this;
    for (let f = 0, place = b; f < fields.length; f++, place += BLOCK_ROWS) {
      if (fields[f].isList) lists[place] = [0];
      else keys.finish(place);
    }
  }

  /** Ids row after row, and which are OOV. */
  private putTogether(first: number): void {
    const { block, fields, found, lists, mostIds } = this;
    const { offsets, oov } = block;
    let { ids } = block;
    let end = 0;
    for (let b = 0, segment = 0; b < block.rows; b++) {
      const start = end;
      for (let f = 0, place = b; f < fields.length; f++, place += BLOCK_ROWS, segment++) {
        if (!fields[f].isList) {
          const id = found[place];
          oov[segment] = id === 0 ? 1 : 0;
          ids[end++] = id;
        } else {
          const list = lists[place];
          ids = this.roomFor(end + list.length);
          oov[segment] = 0;
          for (const id of list) {
            if (id === 0) oov[segment]++;
            ids[end++] = id;
          }
        }
        offsets[segment + 1] = end;
      }
      if (end - start <= mostIds) continue;
      block.refused.push({ row: first + b, reason: { kind: 'long', values: end - start, most: mostIds } });
      end = start;
      for (let at = segment - fields.length; at < segment; at++) {
        ids[end++] = 0;
        offsets[at + 1] = end;
      }
    }
  }

  /** The block's ids, with room for so many and one for every other field. */
  private roomFor(count: number): Uint32Array {
    const { block, found } = this;
    if (count + found.length > block.ids.length) {
      const grown = new Uint32Array(2 * (count + found.length));
      grown.set(block.ids);
      block.ids = grown;
    }
    return block.ids;
  }
}
