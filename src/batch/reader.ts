// Batches of an encoded dataset, in the order of an epoch (epoch-order.ts) or as stored. Two windows of rows are in
// memory, whatever the size of the dataset: one is handed out while the next is read ahead. A batch may span
// windows; the last one of an epoch may be smaller.

import type { EncodedDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';
import { defaultWindowRowGroups, type EpochOrder, rowOrder, type Window, windowsOf } from './epoch-order.js';
import { SplitFile, splitOf } from './split-file.js';

/** One step's rows. */
export interface Batch {
  /** 0 in stored order. */
  readonly epoch: number;
  /** Number of the batch within its epoch, from 0. */
  readonly index: number;
  readonly rows: number;
  /** (rows, F), local to each field's vocabulary, in the order of the manifest's fields. */
  readonly ids: Uint32Array;
  /** (rows), 0 or 1. */
  readonly labels: Float32Array;
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
  const windowRowGroups = options.windowRowGroups ?? defaultWindowRowGroups(split.rowGroupRows);
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

  const file = await SplitFile.open(source, split, options.knownIds);
  const ahead = new WindowReader(file, windows, F, order);
  try {
    let window = await ahead.next();
    let at = skip;
    for (let index = startBatch; remaining > 0; index++) {
      const rows = Math.min(batchSize, remaining);
      const ids = new Uint32Array(allocate(rows * F * 4), 0, rows * F);
      const labels = new Float32Array(allocate(rows * 4), 0, rows);
      for (let filled = 0; filled < rows; ) {
        if (at === window.rows) {
          window = await ahead.next();
          at = 0;
        }
        const count = Math.min(rows - filled, window.rows - at);
        gatherRows(window, at, count, F, ids.subarray(filled * F), labels.subarray(filled));
        filled += count;
        at += count;
      }
      remaining -= rows;
      yield { epoch: order === 'stored' ? 0 : order.epoch, index, rows, ids, labels };
    }
  } finally {
    await ahead.close();
  }
}

/** A window in memory. */
interface LoadedWindow {
  readonly rows: number;
  readonly order: Uint32Array; // (rows), the place of each row to visit
  readonly ids: Uint32Array; // (rows, F)
  readonly labels: Float32Array; // (rows)
}

function gatherRows(
  window: LoadedWindow,
  at: number,
  count: number,
  F: number,
  ids: Uint32Array, // (count, F)
  labels: Float32Array, // (count)
): void {
  const { order, ids: from, labels: fromLabels } = window;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const place = order[at + i];
    labels[i] = fromLabels[place];
    for (let source = place * F, end = source + F; source < end; ) ids[to++] = from[source++];
  }
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
    F: number,
    private readonly order: EpochOrder | 'stored',
  ) {
    const largest = Math.max(...windows.map(({ rows }) => rows));
    this.buffers = windows.slice(0, 2).map(() => ({
      order: new Uint32Array(largest),
      ids: new Uint32Array(largest * F),
      labels: new Float32Array(largest),
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
    rowOrder(window, this.order, buffers.order);
    let at = 0;
    for (const range of window.ranges) {
      if (this.closing) throw new Error('reading was stopped');
      await this.file.read(range, at, buffers.ids, buffers.labels);
      at += range.count;
    }
    return { rows: window.rows, ...buffers };
  }
}

function atLeast(what: string, value: number, lowest: number): void {
  if (Number.isSafeInteger(value) && value >= lowest) return;
  throw new UserError(`${what} ${value} is not a whole number of at least ${lowest}.`, undefined, 2);
}
