// What the rows that are read ahead take: two windows of a split.
import type { Manifest } from '../data/manifest.js';
import { defaultWindowRowGroups } from './epoch-order.js';
import { idsPerField } from './reader.js';

/** Bytes of the windows of rows that `readBatches` holds by default, of all the splits named; one that is not there has none. */
export function windowBytes(
  { fields, numbers, hasWeight, hasGroup, splits }: Manifest,
  names: readonly string[],
): number {
  const sizes = splits.map((split) => {
    if (!names.includes(split.name)) return 0;
    const ids = idsPerField(split);
    // Ids of each field, label and place in the order; with bags, where a field's ids begin.
    const columns =
      fields.length * (ids + (split.ids ? 1 : 0)) +
      (2 + (numbers?.length ?? 0) + Number(hasWeight ?? 0) + Number(hasGroup ?? 0));
    const window = split.rowGroupRows * defaultWindowRowGroups(split.rowGroupRows, ids);
    return 4 * columns * Math.min(split.rows, 2 * window);
  });
  return Math.round(sizes.reduce((sum, bytes) => sum + bytes, 0));
}
