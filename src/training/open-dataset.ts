// Opens a data set to train on.
import { type EncodedDataset, loadDataset } from '../data/encoded-dataset.js';
import { rowsOfSplit } from '../data/manifest.js';
import { UserError } from '../errors.js';

/** @throws UserError when there is none, or it has no rows to train on */
export async function openDataset(data: string): Promise<EncodedDataset> {
  const dataset = await loadDataset(data);
  if (rowsOfSplit(dataset.manifest, 'train') > 0) return dataset;
  throw new UserError(`The dataset '${data}' has no rows to train on.`);
}
