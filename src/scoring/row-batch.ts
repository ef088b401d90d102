// A batch that is filled with encoded rows, one after the other, until no more fit. Its arrays are used again for the
// next batch.
import type { Batch } from '../batch/reader.js';
import { UserError } from '../errors.js';
import { allocateBatch, type BatchArrays, type BatchShape, batchArrays } from './batch-memory.js';
import type { EncodedRow } from './row-encoder.js';

/** A row that fits into no batch. */
export class LongRow extends UserError {
  constructor(
    private readonly values: number,
    private readonly most: number,
    place = 'A row',
  ) {
    super(
      `${place}: its fields have ${values} values in all (at most ${most} fit into a batch).`,
      'shorten the lists, or score with larger batches (maxBatch, --max-batch)',
    );
  }

  /** The same with the row's place, such as `Row 7` or `File 'x.csv', line 8`. */
  at(place: string): UserError {
    return new LongRow(this.values, this.most, place);
  }
}

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
    arrays: Omit<BatchArrays, 'logits'> = batchArrays(shape, allocateBatch(shape)),
  ) {
    this.ids = arrays.ids;
    this.offsets = arrays.offsets;
    this.numbers = arrays.numbers;
    this.labels = new Float32Array(shape.batchRows);
  }

  /**
   * Adds a row, if it fits.
   *
   * @returns whether it did; if not, the batch is full
   * @throws LongRow for a row with more values than any batch can hold; the caller knows where the row stands
   */
  add({ ids, ends, numbers }: EncodedRow): boolean {
    const { batchRows, fields } = this.shape;
    const count = ends[fields - 1];
    if (count > this.ids.length) throw new LongRow(count, this.ids.length);
    if (this.rows === batchRows || this.end + count > this.ids.length) return false;
    for (let i = 0; i < count; i++) this.ids[this.end + i] = ids[i];
    const segment = this.rows * fields;
    if (this.offsets) for (let f = 0; f < fields; f++) this.offsets[segment + f + 1] = this.end + ends[f];
    this.numbers.set(numbers, this.rows * numbers.length);
    this.end += count;
    this.rows++;
    return true;
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
