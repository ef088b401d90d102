// How the stored fp32 values of a row are seen by the network, in training and scoring: methods that keep an fp32 copy
// differ in this alone. A view is plain data, so that every thread comes to the same one.
import { roundMinMax } from '../posttraining/min-max.js';
import type { CodeBits } from '../quantization/grid.js';
import { type GridView, viewOnGrid } from './grid-view.js';
import type { Table } from './table.js';
import { applyThreshold, type ThresholdView } from './threshold-view.js';

/** What `table.read` makes of stored fp32 values. One file for each kind; this is the list of them. */
export type View =
  | GridView
  | ThresholdView
  /** Each row rounded between its least and its greatest value (posttraining/min-max.ts). */
  | { kind: 'min-max'; bits: CodeBits };

/** Turns the stored values (n, D) of `rows` into what is seen, in place. */
export function applyView(view: View, table: Table, rows: Uint32Array, values: Float32Array): void {
  switch (view.kind) {
    case 'grid':
      viewOnGrid(view, table, rows, values);
      break;
    case 'threshold':
      applyThreshold(table, rows, values);
      break;
    case 'min-max':
      roundMinMax(values.subarray(0, rows.length * table.spec.dim), table.spec.dim, view.bits);
      break;
    default:
      view satisfies never;
  }
}
