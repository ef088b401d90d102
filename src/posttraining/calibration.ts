// What a quantizer can know of how a model uses a table: how the logit of calibration examples moves with its rows.
// With g the gradient of an example's logit by a row it looks up, a small error e of that row moves the logit by g·e,
// and on average over the row's uses by eᵀ H e squared, H = E[g gᵀ]. Where H comes from is not this folder's business
// (scoring/logit-calibration.ts).

/** Second moments of the logit's gradients by a table's rows. */
export interface Calibration {
  /** D. */
  readonly dim: number;
  /** H (D, D) of a row, symmetric. Rows that share one give the same array. */
  moment(row: number): Float64Array;
}

/** What is known of some rows of a table (n), for a source that has these alone and counts them from 0. */
export function calibrationOf({ dim, moment }: Calibration, rows: Uint32Array): Calibration {
  return { dim, moment: (i) => moment(rows[i]) };
}
