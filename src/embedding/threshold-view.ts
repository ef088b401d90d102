// The view of a pruned table: the smallest stored values are read as zero, the others as they are. Which they are is
// said by numbers of the table as a whole, so that a threshold found on one thread holds for all, and is in every
// checkpoint, while training goes on with what is stored.
import type { Storage } from './layout.js';
import { nothing, type Smallest } from './smallest.js';
import type { Table } from './table.js';

/** Reads as zero what `setSmallest` said last. */
export interface ThresholdView {
  kind: 'threshold';
}

/** A row in two numbers that fp32 holds exactly. */
const HALF = 2 ** 16;

const numbers = ({ threshold, row, element }: Smallest): readonly number[] => [
  threshold,
  Math.floor(row / HALF),
  row % HALF,
  element,
];

/** What a pruned table stores beside its fp32 rows. In the beginning nothing is pruned. */
export const thresholdStorage = {
  view: { kind: 'threshold' },
  parameters: numbers(nothing),
} as const satisfies Partial<Storage>;

/** Makes these the values that are read as zero. */
export function setSmallest(table: Table, smallest: Smallest): void {
  table.parameters.set(numbers(smallest));
}

/** Values (n, D) of `rows`, in place. */
export function applyThreshold(table: Table, rows: Uint32Array, values: Float32Array): void {
  const [threshold, high, low, element] = table.parameters;
  const lastRow = high * HALF + low;
  const { dim } = table.spec;
  for (let i = 0, at = 0; i < rows.length; i++) {
    const row = rows[i];
    for (let j = 0; j < dim; j++, at++) {
      const magnitude = Math.abs(values[at]);
      if (magnitude > threshold) continue;
      if (magnitude < threshold || row < lastRow || (row === lastRow && j < element)) values[at] = 0;
    }
  }
}
