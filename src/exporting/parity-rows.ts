// The rows that an exported model and its run are compared on: the first of a split where there is data, else rows drawn at
// random, ids of the whole vocabulary, bags of one to five, numbers around their mean, some missing.
import { readBatches } from '../batch/reader.js';
import { philox } from '../random/philox.js';
import type { Run } from '../runs/run-directory.js';
import type { NumberStatistics } from '../schema/number-input.js';
import type { ExportSubject } from './exporter.js';

/** Samples of a comparison, and of each run of a model in it. */
export const PARITY_ROWS = 10_000;
const BATCH_ROWS = 1000;
const LONGEST_BAG = 5;

/** Rows as they come to a model. */
export interface ParityBatch {
  readonly rows: number;
  /** (rows, F), or where a field is a bag the ids of all fields of all rows, with `offsets`. */
  readonly ids: Uint32Array;
  /** (rows · F + 1), where a field is a bag. */
  readonly offsets: Uint32Array | null;
  /** (rows, N), NaN where one is missing. */
  readonly raw: Float64Array;
}

/** The rows to compare on, and in words where they are from. */
export async function parityRows(
  { run, rows }: Pick<ExportSubject, 'run' | 'rows'>,
  signal: AbortSignal | undefined,
): Promise<{ from: string; batches: ParityBatch[] }> {
  const { dataset: shape } = run.directory.run;
  if (!rows) return { from: 'drawn', batches: drawBatches(shape) };
  const { dataset, split } = rows;
  const knownIds = shape.fieldVocabularies.map((number) => shape.vocabularySizes[number]);
  // As they are, to be standardised by either side; a missing one comes as 0.
  const raw = shape.numbers?.map(({ name }) => ({ name, transform: 'none' as const, mean: 0, deviation: 1 }));
  const batches: ParityBatch[] = [];
  let count = 0;
  const options = { split, batchSize: BATCH_ROWS, order: 'stored', numbers: raw, knownIds } as const;
  for await (const batch of readBatches(dataset, options)) {
    signal?.throwIfAborted();
    const { ids, offsets = null, numbers = new Float32Array() } = batch;
    batches.push({ rows: batch.rows, ids, offsets, raw: Float64Array.from(numbers) });
    count += batch.rows;
    if (count >= PARITY_ROWS) break;
  }
  return { from: split, batches };
}

/** The same rows for every model of a shape. */
export function drawBatches(
  shape: Run['dataset'],
  rows = PARITY_ROWS,
  batchRows = BATCH_ROWS,
): ParityBatch[] {
  const batches: ParityBatch[] = [];
  for (let first = 0; first < rows; first += batchRows) {
    batches.push(drawBatch(shape, first, Math.min(batchRows, rows - first)));
  }
  return batches;
}

function drawBatch(shape: Run['dataset'], first: number, rows: number): ParityBatch {
  const { fieldVocabularies, vocabularySizes, poolings, numbers = [] } = shape;
  const words = new Uint32Array(4);
  /** From 0 to below 1, by row, column and number. */
  const uniform = (row: number, column: number, k: number) => {
    philox(words, 0, 0x6f6e6e78, 0, row, column, k, 0);
    return words[0] / 2 ** 32;
  };
  const F = fieldVocabularies.length;
  const ids: number[] = [];
  const offsets = [0];
  const raw = new Float64Array(rows * numbers.length);
  for (let i = 0; i < rows; i++) {
    const row = first + i;
    for (let f = 0; f < F; f++) {
      const size = vocabularySizes[fieldVocabularies[f]];
      const length = poolings?.[f] ? 1 + Math.floor(uniform(row, f, 0) * LONGEST_BAG) : 1;
      for (let k = 0; k < length; k++) ids.push(Math.floor(uniform(row, f, 1 + k) * size));
      offsets.push(ids.length);
    }
    for (const [n, statistics] of numbers.entries()) {
      const u = uniform(row, F + n, 0);
      raw[i * numbers.length + n] =
        u < 0.1 ? Number.NaN : rawNumber(4 * uniform(row, F + n, 1) - 2, statistics);
    }
  }
  const hasBags = poolings?.some((pooling) => pooling !== null) ?? false;
  return { rows, ids: Uint32Array.from(ids), offsets: hasBags ? Uint32Array.from(offsets) : null, raw };
}

/** A raw number so many deviations from the mean. */
function rawNumber(deviations: number, { transform, mean, deviation }: NumberStatistics): number {
  const x = mean + deviations * deviation;
  return transform === 'log' ? Math.sign(x) * Math.expm1(Math.abs(x)) : x;
}
