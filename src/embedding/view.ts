// How the stored fp32 values of a row are seen by the network, in training and scoring: methods that keep an fp32 copy
// differ in this alone. A view is plain data, so that every thread comes to the same one.
import { type GridView, viewOnGrid } from './grid-view.js';
import type { Table } from './table.js';

/** What `table.read` makes of stored fp32 values. One file for each kind; this is the list of them. */
export type View = GridView;

/** Turns the stored values (n, D) of `rows` into what is seen, in place. */
export function applyView(view: View, table: Table, rows: Uint32Array, values: Float32Array): void {
  switch (view.kind) {
    case 'grid':
      viewOnGrid(view, table, rows, values);
      break;
    default:
      view.kind satisfies never;
  }
}
