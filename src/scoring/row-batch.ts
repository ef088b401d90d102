// A batch that is filled with encoded rows until no more fit. Its arrays are used again for the
// next batch.
import type { Batch } from '../batch/reader.js';
import { allocateBatch, type BatchArrays, type BatchShape, batchArrays } from './batch-memory.js';
import type { EncodedBlock } from './encoded-block.js';

export class RowBatch {
  rows = 0;
  private end = 0;
  private readonly ids: Uint32Array;
  private readonly offsets: Uint32Array | null;
  private readonly numbers: Float32Array;
  private readonly labels: Float32Array; // (batchRows), zeros

  /** @param arrays where the rows go; by default memory of its own */
  constructor(
    private readonly shape: BatchShape,
    arrays: Pick<BatchArrays, 'ids' | 'offsets' | 'numbers'> = batchArrays(shape, allocateBatch(shape)),
  ) {
    this.ids = arrays.ids;
    this.offsets = arrays.offsets;
    this.numbers = arrays.numbers;
    this.labels = new Float32Array(shape.batchRows);
  }

  /** Ids that fit into it. */
  get mostIds(): number {
    return this.ids.length;
  }

  /**
   * Adds rows of a block from `first` on, as many as fit.
   *
   * @returns how many
   */
  add({ rows, ids, offsets, numbers }: EncodedBlock, first: number): number {
    const { batchRows, fields, numbers: width } = this.shape;
    const start = offsets[first * fields];
    const room = this.ids.length - this.end + start;
    let last = Math.min(rows, first + batchRows - this.rows);
    while (last > first && offsets[last * fields] > room) last--;
    const end = offsets[last * fields];
    for (let i = start, at = this.end; i < end; i++, at++) this.ids[at] = ids[i];
    if (this.offsets) {
      const moved = this.end - start;
      for (let s = first * fields + 1, at = this.rows * fields + 1; s <= last * fields; s++, at++)
        this.offsets[at] = moved + offsets[s];
    }
    this.numbers.set(numbers.subarray(first * width, last * width), this.rows * width);
    this.end += end - start;
    this.rows += last - first;
    return last - first;
  }

  /**
   * Adds rows that are ids already: ids (count, F), local to their fields, and standardised numbers (count, N). For shapes
   * without bags.
   *
   * @returns how many fitted
   */
  addEncoded(ids: Uint32Array, numbers: Float32Array | undefined, count: number): number {
    const { batchRows, fields, numbers: width } = this.shape;
    const fitting = Math.min(count, batchRows - this.rows);
    this.ids.set(ids.subarray(0, fitting * fields), this.end);
    if (numbers) this.numbers.set(numbers.subarray(0, fitting * width), this.rows * width);
    this.end += fitting * fields;
    this.rows += fitting;
    return fitting;
  }

  /** Empties the batch. */
  clear(): void {
    this.rows = 0;
    this.end = 0;
  }

  /** The rows added, lent until the next one is; then the batch is empty again. */
  take(): Batch {
    const { rows, end, offsets, numbers, labels } = this;
    const { fields, numbers: width } = this.shape;
    this.clear();
    return {
      epoch: 0,
      index: 0,
      rows,
      ids: this.ids.subarray(0, end),
      labels: labels.subarray(0, rows),
      ...(offsets && { offsets: offsets.subarray(0, rows * fields + 1) }),
      ...(width > 0 && { numbers: numbers.subarray(0, rows * width) }),
    };
  }
}
