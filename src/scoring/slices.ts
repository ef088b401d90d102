// Cuts the rows of a split into slices while it is scored, so that metrics can be had for each: by the value of a
// field (its most frequent values in the split; all others together; OOV by itself), or by how often training saw the
// row's features: the rarest of them (frequency-slices.ts), or all (decile-slicer.ts). Every row is in exactly one
// slice.
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { DecileSlicer } from './decile-slicer.js';
import { FieldColumn } from './field-column.js';
import { FrequencySlicer } from './frequency-slices.js';

/** Which slice each row is in. */
export interface RowSlices {
  /** Names of the slices, in the order of a report. */
  readonly names: readonly string[];
  /** (rows), an index into `names`. */
  readonly slices: Uint32Array;
}

/** Takes the batches of a split in stored order, then says which slice each row is in. */
export interface Slicer {
  add(batch: Batch): void;
  finish(): Promise<RowSlices>;
}

/** The `by` that are no field: by the row's rarest feature, and in tenths by all of its features. */
export const BY_FREQUENCY = 'frequency';
export const BY_DECILES = 'deciles';

/** What to slice, and how. */
export interface SlicerOptions {
  readonly dataset: EncodedDataset;
  readonly rows: number;
  /** A field's name, `frequency` or `deciles`. */
  readonly by: string;
  /** Values of a field that get a slice of their own. */
  readonly top: number;
  /** (F), sizes of the run's vocabularies. */
  readonly sizes: readonly number[];
}

/** @throws UserError when `by` is neither a field nor `frequency` nor `deciles` */
export async function createSlicer({ dataset, rows, by, top, sizes }: SlicerOptions): Promise<Slicer> {
  if (by === BY_FREQUENCY) return FrequencySlicer.create(dataset, rows, sizes);
  if (by === BY_DECILES) return DecileSlicer.create(dataset, rows, sizes);
  return new FieldSlicer(new FieldColumn(dataset, by, rows, sizes, [BY_FREQUENCY, BY_DECILES]), top);
}

class FieldSlicer implements Slicer {
  constructor(
    private readonly column: FieldColumn,
    private readonly top: number,
  ) {}

  add(batch: Batch): void {
    this.column.add(batch);
  }

  async finish(): Promise<RowSlices> {
    const { ids, size } = this.column;
    const rowsOf = new Uint32Array(size);
    for (let i = 0; i < ids.length; i++) rowsOf[ids[i]]++;
    const seen = Array.from(rowsOf.keys()).filter((id) => id > 0 && rowsOf[id] > 0);
    const shown = seen.sort((a, b) => rowsOf[b] - rowsOf[a] || a - b).slice(0, this.top);
    const name = await this.column.names(new Set(shown));
    const names = shown.map(name);
    const sliceOf = new Uint32Array(size);
    const others = seen.length - shown.length;
    if (others > 0) {
      sliceOf.fill(names.length, 1);
      names.push(others === 1 ? '(1 other value)' : `(${others} other values)`);
    }
    for (const [slice, id] of shown.entries()) sliceOf[id] = slice;
    if (rowsOf[0] > 0) {
      sliceOf[0] = names.length;
      names.push('(OOV)');
    }
    return { names, slices: ids.map((id) => sliceOf[id]) };
  }
}
