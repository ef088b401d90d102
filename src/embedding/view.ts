// How the stored fp32 values of a row are seen by the network, in training and scoring: methods that keep an fp32 copy
// differ in this alone. A view is plain data, so that every thread comes to the same one.
import type { Table } from './table.js';

/** What `table.read` makes of stored fp32 values. One file for each kind; this is the list of them. */
export type View = never;

/** Turns the stored values (n, D) of `rows` into what is seen, in place. */
export function applyView(view: View, _table: Table, _rows: Uint32Array, _values: Float32Array): void {
  view satisfies never;
}
