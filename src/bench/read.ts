// Reading alone: a whole epoch of the training split in its shuffled order, from Parquet to batches, beside DuckDB that only
// sums the same columns. Both on one thread of DuckDB's; the sums must be equal.
import { join } from 'node:path';
import { readBatches } from '../batch/reader.js';
import { connectDuckDB } from '../data/duckdb.js';
import { type EncodedDataset, loadDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';
import { identifier, literal } from '../schema/sql.js';
import { type Benchmark, spread } from './benchmark.js';
import { rangeText } from './range-text.js';

const ROUNDS = 3;
const BATCH = 4096;

export const read: Benchmark = {
  summary: 'reading: Parquet to shuffled batches, beside DuckDB summing the same columns',
  async run({ data, onProgress, signal }) {
    const dataset = await loadDataset(data);
    if (dataset.manifest.fields.some(({ bag }) => bag)) {
      throw new UserError('The benchmark reads data without bags.', 'pass --data with another data set');
    }
    const ours: number[] = [];
    const theirs: number[] = [];
    let rows = 0;
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      const batches = await sumBatches(dataset, round + 1);
      const columns = await sumColumns(dataset);
      rows = batches.rows;
      if (batches.sum !== columns.sum) {
        throw new Error(
          `All ids and labels sum up to ${batches.sum} in batches, to ${columns.sum} in DuckDB.`,
        );
      }
      ours.push(rows / batches.seconds);
      theirs.push(rows / columns.seconds);
      onProgress({ stage: 'read', done: round + 1, total: ROUNDS });
    }
    const samplesPerSecond = spread(ours);
    const duckdbSamplesPerSecond = spread(theirs);
    const fields = dataset.manifest.fields.length;
    const gigabytesPerSecond = (samplesPerSecond.median * 4 * (fields + 1)) / 1e9;
    const ofDuckdb = samplesPerSecond.median / duckdbSamplesPerSecond.median;
    const text = [
      `${rows.toLocaleString('en-US')} rows of ${fields} fields, shuffled, in batches of ${BATCH.toLocaleString('en-US')}: ${rangeText(samplesPerSecond, 0)} samples/s, ${gigabytesPerSecond.toFixed(2)} GB/s`,
      `DuckDB, summing the same columns: ${rangeText(duckdbSamplesPerSecond, 0)} samples/s; reading reaches ${ofDuckdb.toFixed(2)} of it.`,
      'GB/s: 4 bytes for each id and label of a batch. The sums are equal.',
    ].join('\n');
    return {
      text,
      json: { rows, fields, samplesPerSecond, duckdbSamplesPerSecond, ofDuckdb, gigabytesPerSecond },
    };
  },
};

async function sumBatches(dataset: EncodedDataset, epoch: number) {
  let rows = 0;
  let sum = 0;
  const order = { seed: 1, epoch };
  const began = performance.now();
  for await (const batch of readBatches(dataset, { split: 'train', batchSize: BATCH, order })) {
    rows += batch.rows;
    for (const id of batch.ids) sum += id;
    for (const label of batch.labels) sum += label;
  }
  return { rows, sum, seconds: (performance.now() - began) / 1000 };
}

async function sumColumns({ dir, manifest }: EncodedDataset) {
  const split = manifest.splits.find(({ name }) => name === 'train');
  const path = literal(join(dir, split?.file ?? ''));
  const columns = ['label', ...manifest.fields.map(({ name }) => name)];
  const sums = columns.map((name) => `sum(${identifier(name)})`);
  const link = await connectDuckDB();
  try {
    const began = performance.now();
    const result = await link.connection.runAndReadAll(
      `SELECT ${sums.join(', ')} FROM read_parquet(${path})`,
    );
    const sum = result.getRows()[0].reduce((total: number, value) => total + Number(value), 0);
    return { sum, seconds: (performance.now() - began) / 1000 };
  } finally {
    link.close();
  }
}
