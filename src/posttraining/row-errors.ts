// What quantizing did to rows: the normalized l2 error ‖x − x̂‖₂ / ‖x‖₂ of each, summed up. Sums are float64 and go in the order
// of the rows within a block, then in that of the blocks, so they do not depend on who did which.
import { LOSSES } from '../kernels/reference-row-losses.js';

/** Sums over some rows. Plain data: it passes between threads. */
export interface RowErrorSums {
  rows: number;
  /** Rows that have a norm; a row of zeros has no normalized error. */
  normedRows: number;
  /** Of the normalized errors of rows. */
  errors: number;
  worstError: number;
  /** −1 where no row has a norm. */
  worstRow: number;
  squaredError: number;
  squaredNorm: number;
  /** Rows all of whose values got one code: constant, or closer together than what is stored can tell apart. */
  degenerateRows: number;
  /** Rows with a larger l2 error than min-max has at the same bits and side, by more than 1e-6 of their norm. */
  rowsWorseThanMinMax: number;
}

/** What is said of a table, or of several. */
export interface RowErrors {
  /** Mean over the rows of ‖x − x̂‖₂ / ‖x‖₂; null where all are zero. */
  meanError: number | null;
  /** The largest of them; null where all are zero. */
  worstError: number | null;
  worstRow: number | null;
  /** ‖X − X̂‖₂ / ‖X‖₂ of the table as a whole; null where all of it is zero. */
  tableError: number | null;
  degenerateRows: number;
  rowsWorseThanMinMax: number;
}

const TOLERANCE = 1e-6;

export function noRows(): RowErrorSums {
  return {
    rows: 0,
    normedRows: 0,
    errors: 0,
    worstError: 0,
    worstRow: -1,
    squaredError: 0,
    squaredNorm: 0,
    degenerateRows: 0,
    rowsWorseThanMinMax: 0,
  };
}

/**
 * Sums over a block.
 *
 * @param first number of the block's first row
 * @param losses (n, 3), of each row: see rowLosses
 * @param byMinMax (n, 3), as min-max would have them; undefined where that is what was done
 */
export function sumRowErrors(
  first: number,
  rows: number,
  losses: Float64Array,
  byMinMax: Float64Array | undefined,
): RowErrorSums {
  const sums = noRows();
  sums.rows = rows;
  for (let row = 0; row < rows; row++) {
    const at = row * LOSSES;
    const squaredError = losses[at];
    const squaredNorm = losses[at + 1];
    sums.squaredError += squaredError;
    sums.squaredNorm += squaredNorm;
    sums.degenerateRows += losses[at + 2];
    if (squaredNorm > 0) {
      const error = Math.sqrt(squaredError / squaredNorm);
      sums.normedRows++;
      sums.errors += error;
      if (sums.worstRow < 0 || error > sums.worstError) {
        sums.worstError = error;
        sums.worstRow = first + row;
      }
    }
    if (byMinMax === undefined) continue;
    const bound = Math.sqrt(byMinMax[at]) + TOLERANCE * Math.sqrt(squaredNorm);
    if (Math.sqrt(squaredError) > bound) sums.rowsWorseThanMinMax++;
  }
  return sums;
}

/** Adds the sums of the rows that follow. */
export function addRowErrors(to: RowErrorSums, more: RowErrorSums): void {
  const isWorse = more.worstRow >= 0 && (to.worstRow < 0 || more.worstError > to.worstError);
  if (isWorse) {
    to.worstError = more.worstError;
    to.worstRow = more.worstRow;
  }
  to.rows += more.rows;
  to.normedRows += more.normedRows;
  to.errors += more.errors;
  to.squaredError += more.squaredError;
  to.squaredNorm += more.squaredNorm;
  to.degenerateRows += more.degenerateRows;
  to.rowsWorseThanMinMax += more.rowsWorseThanMinMax;
}

/** What the sums say. */
export function rowErrors(sums: RowErrorSums): RowErrors {
  const hasNorm = sums.normedRows > 0;
  return {
    meanError: hasNorm ? sums.errors / sums.normedRows : null,
    worstError: hasNorm ? sums.worstError : null,
    worstRow: hasNorm ? sums.worstRow : null,
    tableError: hasNorm ? Math.sqrt(sums.squaredError / sums.squaredNorm) : null,
    degenerateRows: sums.degenerateRows,
    rowsWorseThanMinMax: sums.rowsWorseThanMinMax,
  };
}
