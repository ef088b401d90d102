// What the counter of the generator means, and which purposes draw from it.
//
//   key     = (seed low word, seed high word)
//   counter = (step, table << 16 | vocabulary, id, stream << 16 | block of elements)
//
// Dropout has no table; its counter is (step, layer, row of the batch, stream << 16 | block). The order of an epoch
// has (epoch, list, block, stream << 16): see batch/epoch-order.ts. Generated rows have counters of their own in the
// first three words, with what they are for in the place of the block: see generating/.
// Which micro-batches ALPT's second pass looks at has (step, 0, block, stream << 16): see training/pass-sample.ts.
// The first centroids of clusters of rows have (drawn number) alone, stream << 16: see posttraining/row-clusters.ts.
// A number is never drawn twice: whoever adds a purpose adds a stream, at the end.

/** The purposes that draw random numbers. New ones go at the end: a stream's number is part of every result. */
export const Stream = {
  init: 0,
  rounding: 1,
  dropout: 2,
  epochOrder: 3,
  firstMoment: 4,
  secondMoment: 5,
  stepFirstMoment: 6,
  stepSecondMoment: 7,
  generate: 8,
  stepRounding: 9,
  rowClusters: 10,
  passSample: 11,
} as const;
export type Stream = (typeof Stream)[keyof typeof Stream];

/** Splits a seed (an integer from 0 to 2^53 − 1) into the two words of a Philox key. */
export function seedKey(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** The counter's second word: a table and one of its vocabularies, both by their number in the manifest. */
export function tableWord(table: number, vocabulary: number): number {
  return ((table << 16) | vocabulary) >>> 0;
}

/** The counter's last word. A block is four elements wide (one Philox call gives four words). */
export function streamWord(stream: Stream, block: number): number {
  return ((stream << 16) | block) >>> 0;
}
