// Slices of rows by how well training knows them: the training count of the row's rarest feature (1, 2 to 4, 5 to 9,
// 10 to 19, 20 to 49, …); rows with OOV features, which training never saw or left out as too rare, come first, by
// how many they have. A row is as well known as its least known feature, and rare rows of the table are where few bits
// cost most.
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { featureCounts } from './feature-counts.js';
import type { RowSlices, Slicer } from './slices.js';

/** Rows with this many OOV features, or more, are one slice. */
const mostOov = 4;
/** The least count of each slice, from `mostOov` on. */
const leastCounts = Array.from({ length: 7 }, (_, decade) => [1, 2, 5].map((n) => n * 10 ** decade)).flat();

/** Names of all slices, from the least to the best known rows. */
export const frequencySliceNames: readonly string[] = [
  `OOV in ${mostOov} or more fields`,
  ...Array.from({ length: mostOov - 1 }, (_, i) => mostOov - 1 - i).map((n) =>
    n === 1 ? 'OOV in 1 field' : `OOV in ${n} fields`,
  ),
  ...leastCounts.map((least, i) => {
    const next = leastCounts[i + 1];
    if (next === undefined) return `${shown(least)} or more`;
    return next === least + 1 ? shown(least) : `${shown(least)} to ${shown(next - 1)}`;
  }),
];

/** Slice of a feature that was counted `count` times, at least once. */
export function frequencySlice(count: number): number {
  let slice = 0;
  while (slice + 1 < leastCounts.length && leastCounts[slice + 1] <= count) slice++;
  return mostOov + slice;
}

/** Cuts rows by the frequency of their features. */
export class FrequencySlicer implements Slicer {
  private readonly slices: Uint32Array; // (rows)
  private filled = 0;

  private constructor(
    rows: number,
    /** Per field, the slice of each id (size of the vocabulary). */
    private readonly sliceOf: readonly Uint8Array[],
  ) {
    this.slices = new Uint32Array(rows);
  }

  /** @param sizes (F), sizes of the run's vocabularies: greater ids are OOV */
  static async create(
    dataset: EncodedDataset,
    rows: number,
    sizes: readonly number[],
  ): Promise<FrequencySlicer> {
    const ofField = await featureCounts(dataset, sizes, (counts) => Uint8Array.from(counts, frequencySlice));
    return new FrequencySlicer(rows, ofField);
  }

  add(batch: Batch): void {
    const { slices, sliceOf } = this;
    const fields = sliceOf.length;
    const { ids, offsets } = batch;
    for (let row = 0, at = 0, segment = 1; row < batch.rows; row++) {
      let rarest = frequencySliceNames.length - 1;
      let oov = 0;
      for (let field = 0; field < fields; field++, segment++) {
        const slices = sliceOf[field];
        let hasOov = false;
        // One id, or those of a bag.
        for (const end = offsets ? offsets[segment] : at + 1; at < end; at++) {
          const id = ids[at];
          if (id === 0 || id >= slices.length) hasOov = true;
          else if (slices[id] < rarest) rarest = slices[id];
        }
        if (hasOov) oov++;
      }
      slices[this.filled++] = oov > 0 ? mostOov - Math.min(oov, mostOov) : rarest;
    }
  }

  async finish(): Promise<RowSlices> {
    const used = new Uint8Array(frequencySliceNames.length);
    for (let i = 0; i < this.slices.length; i++) used[this.slices[i]] = 1;
    let next = 0;
    const place = Uint32Array.from(used, (isUsed) => (isUsed ? next++ : 0));
    return {
      names: frequencySliceNames.filter((_, slice) => used[slice] === 1),
      slices: this.slices.map((slice) => place[slice]),
    };
  }
}

function shown(count: number): string {
  return count.toLocaleString('en-US');
}
