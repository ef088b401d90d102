// Ten parts of a split, equal in rows, by how well training knows a row on the whole: the mean over its fields of
// log(1 + training count of the feature), the rarest rows first. A bag counts by the mean over its ids, OOV as never
// seen. Other than in frequency-slices.ts, where the rarest feature alone decides, parts can be compared between
// methods and data sets, since all have the same number of rows.
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { featureCounts } from './feature-counts.js';
import type { RowSlices, Slicer } from './slices.js';

const PARTS = 10;

/** Cuts rows into tenths by the mean frequency of their features; ties by the order of the rows. */
export class DecileSlicer implements Slicer {
  private readonly means: Float64Array; // (rows)
  private filled = 0;

  private constructor(
    rows: number,
    /** Per field, log(1 + count) of each id (size of the vocabulary). */
    private readonly logCounts: readonly Float64Array[],
  ) {
    this.means = new Float64Array(rows);
  }

  /** @param sizes (F), sizes of the run's vocabularies: greater ids are OOV */
  static async create(
    dataset: EncodedDataset,
    rows: number,
    sizes: readonly number[],
  ): Promise<DecileSlicer> {
    const ofField = await featureCounts(dataset, sizes, (counts) => counts.map(Math.log1p));
    return new DecileSlicer(rows, ofField);
  }

  add(batch: Batch): void {
    const { means, logCounts } = this;
    const { ids, offsets } = batch;
    for (let row = 0, at = 0, segment = 1; row < batch.rows; row++) {
      let sum = 0;
      for (const table of logCounts) {
        // One id, or those of a bag, which has at least one.
        const first = at;
        const end = offsets ? offsets[segment++] : at + 1;
        let ofField = 0;
        // Id 0 is OOV, and its count 0.
        for (; at < end; at++) ofField += ids[at] < table.length ? table[ids[at]] : 0;
        sum += ofField / (end - first);
      }
      means[this.filled++] = sum / logCounts.length;
    }
  }

  async finish(): Promise<RowSlices> {
    const { means } = this;
    const rows = means.length;
    const ascending = Uint32Array.from(means.keys()).sort((a, b) => means[a] - means[b] || a - b);
    const slices = new Uint32Array(rows);
    const parts = Math.min(PARTS, rows);
    const names: string[] = [];
    for (let part = 0; part < parts; part++) {
      const [first, end] = [part, part + 1].map((n) => Math.floor((n * rows) / parts));
      const inPart = ascending.subarray(first, end);
      for (const row of inPart) slices[row] = part;
      const [low, high] = [inPart[0], inPart[inPart.length - 1]].map((row) => shown(means[row]));
      names.push(`tenth ${part + 1}: ${low} to ${high}`);
    }
    return { names, slices };
  }
}

/** The count that a mean of logarithms stands for: the geometric mean of 1 + count, less 1. */
function shown(mean: number): string {
  return Math.expm1(mean).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
