// Rows that were encoded together, and who encodes them: by vocabularies (row-encoder.ts), or from ids (id-encoder.ts).
import type { RefusedRow } from './refused-row.js';
import { type CellTexts, startOf } from './row-texts.js';

/** Rows that are encoded together: enough that their ways to memory overlap, few enough that their keys stay in cache. */
export const BLOCK_ROWS = 64;

/** Lent until the next rows are encoded. */
export interface EncodedBlock {
  rows: number;
  /** Ids of all fields of all rows, one after the other. */
  ids: Uint32Array;
  /** (rows · F + 1), where the ids of field f of row b start, at b · F + f. */
  offsets: Uint32Array;
  /** (rows, F), ids that are OOV. */
  oov: Uint32Array;
  /** (rows, N), standardised. */
  numbers: Float32Array;
  /** Rows that cannot be encoded, by their numbers among all of the texts; what is encoded for them means nothing. */
  refused: RefusedRow[];
}

export interface BlockEncoder {
  /** Encodes rows from `first` on, as many as make a block. */
  encode(texts: CellTexts, first: number): EncodedBlock;
}

/** A block without rows. */
export function emptyBlock(fields: number, numbers: number): EncodedBlock {
  const segments = fields * BLOCK_ROWS;
  return {
    rows: 0,
    ids: new Uint32Array(segments),
    offsets: new Uint32Array(segments + 1),
    oov: new Uint32Array(segments),
    numbers: new Float32Array(numbers * BLOCK_ROWS),
    refused: [],
  };
}

/** A cell's text, null if it is missing. */
export function textOf({ text, ends }: CellTexts, cell: number): string | null {
  const start = startOf(ends, cell);
  const end = ends[cell];
  return start === end ? null : Buffer.from(text.buffer, text.byteOffset + start, end - start).toString();
}
