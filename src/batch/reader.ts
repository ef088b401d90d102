// Batches of an encoded dataset, in the order of an epoch (epoch-order.ts) or as stored. Two windows of rows are in
// memory, whatever the size of the dataset: one is handed out while the next is read ahead. A batch may span
// windows; the last one of an epoch may be smaller.

import type { EncodedDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';
import type { NumberStatistics } from '../schema/number-input.js';
import type { Trace } from '../team/trace.js';
import { defaultWindowRowGroups, type EpochOrder, rowOrder, type Window, windowsOf } from './epoch-order.js';
import { allocateRows, copyRows, countIds, type RowArrays } from './row-arrays.js';
import { type Split, SplitFile, splitOf } from './split-file.js';

/** One step's rows. */
export interface Batch {
  /** 0 in stored order. */
  readonly epoch: number;
  /** Number of the batch within its epoch, from 0. */
  readonly index: number;
  readonly rows: number;
  /**
   * (rows, F), local to each field's vocabulary, in the order of the manifest's fields. Where a field is a bag, the ids
   * of all fields of all rows one after another, with `offsets`.
   */
  readonly ids: Uint32Array;
  /** Where a field is a bag: (rows · F + 1), where the ids of field f of row b start, at b · F + f. */
  readonly offsets?: Uint32Array | undefined;
  /** (rows), 0 or 1. */
  readonly labels: Float32Array;
  /** Where there are numeric inputs: (rows, N), standardised. */
  readonly numbers?: Float32Array | undefined;
  /** Where rows have a weight: (rows), positive. */
  readonly weights?: Float32Array | undefined;
  /** Where rows have a group: (rows), its number within the data set; 0 is none. */
  readonly groups?: Uint32Array | undefined;
}

/** Which batches, in which order, into which memory. */
export interface BatchOptions {
  readonly split: string;
  readonly batchSize: number;
  readonly order: EpochOrder | 'stored';
  /** Begin here: the batches are those of a full run from this one on. Windows before it are not read. */
  readonly startBatch?: number;
  /** Row groups that are shuffled together; by default as many as make about 490,000 rows. */
  readonly windowRowGroups?: number;
  /** (F), ids of each field that are known; larger ones become 0, OOV. By default all of the vocabulary. */
  readonly knownIds?: readonly number[];
  /** Of each numeric input, what it is standardised by: of the run that the rows are for. By default the data's own. */
  readonly numbers?: readonly NumberStatistics[] | undefined;
  /** Notes when columns become rows, and when a window is shuffled. */
  readonly trace?: Trace | null | undefined;
  /** Where a batch's arrays lie: by default each in an ArrayBuffer of its own. */
  readonly allocate?: (sizeBytes: number) => ArrayBufferLike;
}

/** Number of batches of an epoch, the smaller last one included. */
export function batchCount(source: EncodedDataset, split: string, batchSize: number): number {
  return Math.ceil(splitOf(source.manifest, split).rows / batchSize);
}

/**
 * The batches of one epoch. A consumer that stops early (`break`, `return`, an exception) closes the file.
 *
 * @throws UserError when the split does not exist, a file is missing or damaged, or an id is outside its vocabulary
 */
export async function* readBatches(source: EncodedDataset, options: BatchOptions): AsyncGenerator<Batch> {
  const { batchSize, order, startBatch = 0 } = options;
  const split = splitOf(source.manifest, options.split);
  const windowRowGroups =
    options.windowRowGroups ?? defaultWindowRowGroups(split.rowGroupRows, idsPerField(split));
  atLeast('Batch size', batchSize, 1);
  atLeast('Start batch', startBatch, 0);
  atLeast('Window', windowRowGroups, 1);
  const allocate = options.allocate ?? ((sizeBytes) => new ArrayBuffer(sizeBytes));
  const F = source.manifest.fields.length;

  let skip = Math.min(startBatch * batchSize, split.rows);
  let remaining = split.rows - skip;
  const windows = windowsOf(split.rows, split.rowGroupRows, windowRowGroups, order);
  while (windows.length > 0 && skip >= windows[0].rows) skip -= windows.shift()?.rows ?? 0;
  if (remaining === 0) return;

  const file = await SplitFile.open(source, split, {
    known: options.knownIds,
    numbers: options.numbers ?? source.manifest.numbers,
    trace: options.trace,
  });
  const ahead = new WindowReader(file, windows, order, options.trace);
  try {
    let window = await ahead.next();
    let at = skip;
    for (let index = startBatch; remaining > 0; index++) {
      const rows = Math.min(batchSize, remaining);
      const shape = { ...file.shape, rows };
      const batch = allocateRows(shape, shape.hasBags ? 0 : rows * F, allocate);
      // How many ids bags have is known window by window.
      const parts: Uint32Array[] = [];
      for (let filled = 0; filled < rows; ) {
        if (at === window.rows) {
          window = await ahead.next();
          at = 0;
        }
        const count = Math.min(rows - filled, window.rows - at);
        const places = window.order.subarray(at, at + count);
        if (shape.hasBags) parts.push(new Uint32Array(countIds(window.arrays, F, places)));
        const ids = parts.at(-1) ?? batch.ids.subarray(filled * F);
        copyRows(window.arrays, shape, places, { ...batch, ids }, filled);
        filled += count;
        at += count;
      }
      remaining -= rows;
      if (shape.hasBags) batch.ids = concatenate(parts, allocate);
      yield { epoch: order === 'stored' ? 0 : order.epoch, index, rows, ...batch };
    }
  } finally {
    await ahead.close();
  }
}

/** Ids of a field in a row, on average. */
export function idsPerField({ rows, ids }: Pick<Split, 'rows' | 'ids'>): number {
  return ids ? ids.reduce((sum, count) => sum + count, 0) / (rows * ids.length) : 1;
}

function concatenate(
  parts: readonly Uint32Array[],
  allocate: (sizeBytes: number) => ArrayBufferLike,
): Uint32Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint32Array(allocate(4 * length), 0, length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A window in memory. */
interface LoadedWindow {
  readonly rows: number;
  readonly order: Uint32Array; // (rows), the place of each row to visit
  readonly arrays: RowArrays;
}

/** Reads windows one ahead of its consumer, into two sets of buffers by turns. */
class WindowReader {
  private readonly buffers: Omit<LoadedWindow, 'rows'>[];
  private pending: Promise<LoadedWindow> | undefined;
  private started = 0;
  private closing = false;

  constructor(
    private readonly file: SplitFile,
    private readonly windows: readonly Window[],
    private readonly order: EpochOrder | 'stored',
    private readonly trace: Trace | null = null,
  ) {
    const largest = Math.max(...windows.map(({ rows }) => rows));
    this.buffers = windows.slice(0, 2).map(() => ({
      order: new Uint32Array(largest),
      arrays: allocateRows({ ...file.shape, rows: largest }, largest * file.shape.fields),
    }));
    this.readAhead();
  }

  /** The next window. The one given before is no longer valid. */
  async next(): Promise<LoadedWindow> {
    if (this.pending === undefined) throw new RangeError('no window is left');
    const window = await this.pending;
    this.readAhead();
    return window;
  }

  /** Waits for what is under way, then closes the file. */
  async close(): Promise<void> {
    this.closing = true;
    this.file.interrupt();
    await this.pending?.catch(() => undefined);
    this.file.close();
  }

  private readAhead(): void {
    this.pending = this.started < this.windows.length ? this.load(this.started++) : undefined;
    // A failure is reported by next(); until someone asks it must not count as unhandled.
    this.pending?.catch(() => undefined);
  }

  private async load(number: number): Promise<LoadedWindow> {
    const window = this.windows[number];
    const buffers = this.buffers[number % this.buffers.length];
    const began = performance.now();
    rowOrder(window, this.order, buffers.order);
    this.trace?.span('shuffle', began);
    let at = 0;
    for (const range of window.ranges) {
      if (this.closing) throw new Error('reading was stopped');
      await this.file.read(range, at, buffers.arrays);
      at += range.count;
    }
    return { rows: window.rows, ...buffers };
  }
}

function atLeast(what: string, value: number, lowest: number): void {
  if (Number.isSafeInteger(value) && value >= lowest) return;
  throw new UserError(`${what} ${value} is not a whole number of at least ${lowest}.`, undefined, 2);
}
