// The values of an fp32 table that are smallest by magnitude, exactly as many as asked for: found by counting the
// digits of |value|'s bits in three passes, of equal ones the first in the order of rows. Rows never written count
// with their initial values, of which many are equal. Threads may share the rows out; nothing here depends on how many they
// are, or on shards.
import { MAGNITUDE_DIGITS } from '../kernels/kernels.js';
import type { TableShare } from './method.js';
import { CHUNK_ROWS } from './shard.js';
import type { Table } from './table.js';

/**
 * A set of values: those of magnitude below `threshold`, and of those that equal it the ones before element `element`
 * of row `row`.
 */
export interface Smallest {
  threshold: number;
  row: number;
  element: number;
}

/** No value at all. */
export const nothing: Smallest = { threshold: 0, row: 0, element: 0 };

/** Values of a table that are the share `sparsity` of it. */
export function shareOf({ rows, spec }: Table, sparsity: number): number {
  return Math.round(sparsity * rows * spec.dim);
}

/** Where the digits of a magnitude of 31 bits begin: 9, 11 and 11 of them. */
const shifts = [2 * MAGNITUDE_DIGITS, MAGNITUDE_DIGITS, 0];

/** All rows, for a thread that is the only one. */
const allRows = ({ rows }: Table): TableShare => ({ first: 0, end: rows, meet() {}, sum() {} });

/** The `count` smallest stored values, 0 to V·D: to every thread that shares in it the same. No thread may write. */
export function findSmallest(table: Table, count: number, share: TableShare = allRows(table)): Smallest {
  if (count === 0) return nothing;
  let magnitude = 0;
  let rank = count;
  let equal = 0;
  for (const shift of shifts) {
    const bins = table.countMagnitudes(share.first, share.end, shift, magnitude);
    share.sum(bins);
    let bin = 0;
    for (; rank > bins[bin]; bin++) rank -= bins[bin];
    magnitude = magnitude * 2 ** MAGNITUDE_DIGITS + bin;
    equal = bins[bin];
  }
  const threshold = new Float32Array(Uint32Array.of(magnitude).buffer)[0];
  if (rank === equal) return { threshold, row: table.rows, element: 0 };
  return { threshold, ...placeOf(table, magnitude, rank) };
}

/** Rows that are looked at together for a place, then within those. */
const RUNS = [64 * CHUNK_ROWS, CHUNK_ROWS];

/** Behind the value that is number `rank` of those with this magnitude. */
function placeOf(table: Table, magnitude: number, rank: number): Pick<Smallest, 'row' | 'element'> {
  const digits = 2 ** MAGNITUDE_DIGITS;
  const equalIn = (first: number, rows: number) => {
    const end = Math.min(table.rows, first + rows);
    return table.countMagnitudes(first, end, 0, Math.floor(magnitude / digits))[magnitude % digits];
  };
  let left = rank;
  let first = 0;
  for (const rows of RUNS) {
    for (let equal = equalIn(first, rows); equal < left; equal = equalIn(first, rows)) {
      left -= equal;
      first += rows;
    }
  }
  const { dim } = table.spec;
  const values = new Float32Array(dim);
  const bits = new Uint32Array(values.buffer);
  for (let row = first; ; row++) {
    table.readStored(Uint32Array.of(row), values);
    for (let element = 0; element < dim; element++) {
      if ((bits[element] & 0x7fffffff) === magnitude && --left === 0) return { row, element: element + 1 };
    }
  }
}

/** Sets them to zero where they are stored. Afterwards every row of the table is written. */
export function zeroSmallest(
  table: Table,
  { threshold, row, element }: Smallest,
  share: TableShare = allRows(table),
): void {
  const [magnitude] = new Uint32Array(Float32Array.of(threshold).buffer);
  const { dim } = table.spec;
  const { first, end } = share;
  // All have found them.
  share.meet();
  table.zeroMagnitudes(first, Math.min(end, row), magnitude + 1);
  table.zeroMagnitudes(Math.max(first, row), end, magnitude);
  if (element === 0 || row < first || row >= end) return;
  const values = new Float32Array(dim);
  const at = Uint32Array.of(row);
  table.readStored(at, values);
  // Values move by a change: its own negative takes one to zero, and 0 leaves one as it is.
  table.writeValues(
    at,
    values.map((value, j) => (j < element && Math.abs(value) === threshold ? -value : 0)),
  );
}
