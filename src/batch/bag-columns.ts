// Columns of ids and of lists of ids, as DuckDB decodes them, to ids row after row with offsets. The ids are checked
// here, once; no bag is empty, since a list without values is one missing value.
import type { DuckDBUIntegerVector, DuckDBVector } from '@duckdb/node-api';
import type { DuckDB } from '../data/duckdb.js';
import { UserError } from '../errors.js';
import { badId, type FieldColumn } from './field-column.js';
import type { RowArrays } from './row-arrays.js';

/** Where a chunk's rows come from. The module is passed in: who never reads a split loads no DuckDB. */
interface Chunk {
  duckdb: DuckDB;
  path: string;
  firstRow: number;
  rows: number;
}

/**
 * Copies all fields of a chunk's rows to row `at`, behind the ids of the rows before it. Grows the array of ids.
 *
 * @throws UserError for a bag that is empty, or an id that is NULL or outside its vocabulary
 */
export function copyBags(
  columns: readonly DuckDBVector[],
  fields: readonly FieldColumn[],
  { duckdb, path, firstRow, rows }: Chunk,
  arrays: RowArrays,
  at: number,
): void {
  const { offsets } = arrays;
  if (!offsets) throw new RangeError('rows with bags need offsets');
  const F = fields.length;
  const bags = columns.map((column, f) =>
    fields[f].isBag ? bagsOf(column, fields[f], { duckdb, path, firstRow, rows }) : null,
  );
  let end = offsets[at * F];
  for (let i = 0, segment = at * F; i < rows; i++) {
    for (let f = 0; f < F; f++) {
      end += bags[f]?.[i].itemCount ?? 1;
      offsets[++segment] = end;
    }
  }
  if (end > arrays.ids.length) {
    const grown = new Uint32Array(Math.max(end, 2 * arrays.ids.length));
    grown.set(arrays.ids.subarray(0, offsets[at * F]));
    arrays.ids = grown;
  }
  const { ids } = arrays;
  for (let f = 0; f < F; f++) {
    const column = columns[f];
    const { size, known } = fields[f];
    for (let i = 0; i < rows; i++) {
      const bag = bags[f]?.[i];
      const first = offsets[(at + i) * F + f];
      const count = bag?.itemCount ?? 1;
      for (let k = 0; k < count; k++) {
        const id = (bag ? bag.getItem(k) : column.getItem(i)) as number | null;
        if (id === null || id >= size) throw badId(id, fields[f], firstRow + i, path);
        ids[first + k] = id < known ? id : 0;
      }
    }
  }
}

function bagsOf(
  column: DuckDBVector,
  { name }: FieldColumn,
  { duckdb, path, firstRow, rows }: Chunk,
): DuckDBUIntegerVector[] {
  if (!(column instanceof duckdb.DuckDBListVector)) throw new TypeError('bags are no lists');
  return Array.from({ length: rows }, (_, i) => {
    const bag = column.getItemVector(i);
    if (bag instanceof duckdb.DuckDBUIntegerVector && bag.itemCount > 0) return bag;
    throw new UserError(
      `A bag is empty: field '${name}' in row ${firstRow + i} of '${path}'.`,
      'prepare the data again',
    );
  });
}
