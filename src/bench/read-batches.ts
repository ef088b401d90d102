// Whole batches of the training split, in memory: the first ones of an epoch, the same in every run.
import { type Batch, readBatches } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';

/** @throws UserError where there are fewer */
export async function readBatchesOnce(
  dataset: EncodedDataset,
  batchSize: number,
  count: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  const order = { seed: 1, epoch: 1 };
  for await (const batch of readBatches(dataset, { split: 'train', batchSize, order })) {
    if (batch.rows === batchSize) batches.push(batch);
    if (batches.length === count) return batches;
  }
  throw new UserError(
    `The training split of '${dataset.dir}' has ${batches.length} batches of ${batchSize} rows; the benchmark needs ${count}.`,
    'pass --data with more rows',
  );
}
