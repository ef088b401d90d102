// A batch in memory that the thread that scores it and the one that asks both see: ids, offsets of bags and numbers go there, or
// are made there of texts (row-texts.ts); logits and counts come back. Nothing of a row is in the message.
import type { ExchangeShape } from './exchange-layout.js';

/** What a batch is sized by. */
export type BatchShape = Pick<ExchangeShape, 'batchRows' | 'fields' | 'bagIds' | 'numbers'>;

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
  /** (batchRows, F), ids that are OOV. */
  oov: Uint32Array;
}

function lengths({ batchRows, fields, bagIds, numbers }: BatchShape) {
  const offsets = bagIds === null ? 0 : batchRows * fields + 1;
  return [bagIds ?? batchRows * fields, offsets, batchRows * numbers, batchRows, batchRows * fields] as const;
}

/** Allocates the memory of one batch. */
export function allocateBatch(shape: BatchShape): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * lengths(shape).reduce((sum, length) => sum + length, 0));
}

/** The arrays in the memory of a batch. */
export function batchArrays(shape: BatchShape, memory: SharedArrayBuffer): BatchArrays {
  const [ids, offsets, numbers, logits, oov] = lengths(shape);
  const at = (before: number) => 4 * before;
  return {
    ids: new Uint32Array(memory, 0, ids),
    offsets: offsets === 0 ? null : new Uint32Array(memory, at(ids), offsets),
    numbers: new Float32Array(memory, at(ids + offsets), numbers),
    logits: new Float32Array(memory, at(ids + offsets + numbers), logits),
    oov: new Uint32Array(memory, at(ids + offsets + numbers + logits), oov),
  };
}
