// A batch in memory that the thread that scores it and the one that asks both see: ids, offsets of bags and numbers go there, or
// are made there of texts (row-texts.ts); logits and counts come back. Nothing of a row is in the message.
import type { Batch } from '../batch/reader.js';

/** What a batch is sized by. */
export interface BatchShape {
  /** The most rows of a batch. */
  batchRows: number;
  fields: number;
  /** The most ids of a batch where a field is a bag, else null. */
  bagIds: number | null;
  /** Numeric inputs, N. */
  numbers: number;
}

/** A batch's arrays. */
export interface BatchArrays {
  /** Ids, row after row: (batchRows, F), or with bags those between `offsets`. */
  ids: Uint32Array;
  /** (batchRows · F + 1), with bags. */
  offsets: Uint32Array | null;
  /** (batchRows, N), standardised. */
  numbers: Float32Array;
  /** (batchRows). */
  logits: Float32Array;
}

function lengths({ batchRows, fields, bagIds, numbers }: BatchShape) {
  const offsets = bagIds === null ? 0 : batchRows * fields + 1;
  return [bagIds ?? batchRows * fields, offsets, batchRows * numbers, batchRows] as const;
}

/** Bytes of the memory of one batch. */
export function batchBytes(shape: BatchShape): number {
  return 4 * lengths(shape).reduce((sum, length) => sum + length, 0);
}

/** Allocates the memory of one batch. */
export function allocateBatch(shape: BatchShape): SharedArrayBuffer {
  return new SharedArrayBuffer(batchBytes(shape));
}

/** The arrays in the memory of a batch. */
export function batchArrays(shape: BatchShape, memory: SharedArrayBuffer): BatchArrays {
  const [ids, offsets, numbers, logits] = lengths(shape);
  const at = (before: number) => 4 * before;
  return {
    ids: new Uint32Array(memory, 0, ids),
    offsets: offsets === 0 ? null : new Uint32Array(memory, at(ids), offsets),
    numbers: new Float32Array(memory, at(ids + offsets), numbers),
    logits: new Float32Array(memory, at(ids + offsets + numbers), logits),
  };
}

/** Copies what is scored of a batch. */
export function copyBatch({ ids, offsets, numbers }: Batch, arrays: BatchArrays): void {
  if ((arrays.offsets === null) !== (offsets === undefined)) {
    throw new RangeError('ids come with offsets where a field is a bag, and only there');
  }
  if (arrays.numbers.length > 0 && !numbers) throw new RangeError('a batch without its numbers');
  arrays.ids.set(ids);
  if (offsets) arrays.offsets?.set(offsets);
  if (numbers) arrays.numbers.set(numbers);
}
