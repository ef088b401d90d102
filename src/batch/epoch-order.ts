// The order in which an epoch visits its rows: a permutation of the row groups, then of the rows within a window
// of several permuted row groups. Both are pure functions of (seed, epoch), so a resumed run finds its place again.
//
// Words come from Philox, stream `epochOrder`, four to a block:
//   counter = (epoch, list, block, stream << 16)      list 0: the row groups; list 1 + w: the rows of window w
// A bounded integer takes words until one is below the largest multiple of the bound, then its remainder: unbiased.
import { philox } from '../random/philox.js';
import { Stream, seedKey, streamWord } from '../random/streams.js';

/** Where an epoch stands: which shuffle, and which pass over the data. */
export interface EpochOrder {
  readonly seed: number;
  readonly epoch: number;
}

/** A run of consecutive rows of the split's file. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** Rows that are shuffled together: in memory they stand range after range. */
export interface Window {
  readonly index: number;
  readonly rows: number;
  readonly ranges: readonly RowRange[];
}

/** Rows a window has by default: 8 row groups of 61,440. At 24 fields that is 47 MB. */
const WINDOW_ROWS = 8 * 61_440;

/** As many row groups as make the default window; fewer where bags give a row several ids for each field. */
export function defaultWindowRowGroups(rowGroupRows: number, idsPerField = 1): number {
  return Math.max(1, Math.round(WINDOW_ROWS / (rowGroupRows * idsPerField)));
}

/**
 * The windows of an epoch, in order; every row of the split is in exactly one.
 *
 * @param order `'stored'` leaves the row groups where they are
 */
export function windowsOf(
  rows: number,
  rowGroupRows: number,
  windowRowGroups: number,
  order: EpochOrder | 'stored',
): Window[] {
  const groups = Math.ceil(rows / rowGroupRows);
  const groupOrder = Uint32Array.from({ length: groups }, (_, group) => group);
  if (order !== 'stored') shuffle(groupOrder, order, 0);
  const windows: Window[] = [];
  for (let start = 0; start < groups; start += windowRowGroups) {
    const ranges = [...groupOrder.subarray(start, start + windowRowGroups)].map((group) => {
      const first = group * rowGroupRows;
      return { first, count: Math.min(rowGroupRows, rows - first) };
    });
    windows.push({
      index: windows.length,
      rows: ranges.reduce((sum, range) => sum + range.count, 0),
      ranges,
    });
  }
  return windows;
}

/** The order of a window's rows: entry i is the place, within the window's ranges, of the i-th row to visit. */
export function rowOrder(window: Window, order: EpochOrder | 'stored', out: Uint32Array): void {
  for (let i = 0; i < window.rows; i++) out[i] = i;
  if (order !== 'stored') shuffle(out.subarray(0, window.rows), order, 1 + window.index);
}

/** Fisher–Yates from the end: place i swaps with one of 0 … i. */
function shuffle(list: Uint32Array, order: EpochOrder, listNumber: number): void {
  const [key0, key1] = seedKey(order.seed);
  const words = new Uint32Array(4);
  const lastWord = streamWord(Stream.epochOrder, 0);
  let used = 4;
  let block = 0;
  for (let i = list.length - 1; i > 0; i--) {
    const bound = i + 1;
    const accepted = 2 ** 32 - (2 ** 32 % bound);
    let word: number;
    do {
      if (used === 4) {
        philox(words, 0, key0, key1, order.epoch, listNumber, block++, lastWord);
        used = 0;
      }
      word = words[used++];
    } while (word >= accepted);
    const j = word % bound;
    const swapped = list[i];
    list[i] = list[j];
    list[j] = swapped;
  }
}
