// How raw files are written: what a manifest says of it, and, of the files that a model is asked to score, what its
// data's manifest or the data set of that name says.
import { UserError } from '../../errors.js';
import type { Manifest } from '../manifest.js';
import type { Dataset, InputFile, RawFormat } from './dataset.js';
import { givenFiles } from './inputs.js';
import { datasets, isDatasetName } from './registry.js';

/** @throws UserError when nobody knows the format, or there are no such files */
export function rawFiles(
  { dataset, reading }: Manifest,
  paths: readonly string[],
): { files: InputFile[]; format: RawFormat } {
  const known = isDatasetName(dataset) ? datasets[dataset] : undefined;
  const format = reading?.format ?? known?.format;
  if (!format) {
    throw new UserError(
      `This bitrow does not know how files of the data set '${dataset}' are written.`,
      'prepare the data again, and train on it',
    );
  }
  // Of this one a row stands in three files.
  if (known && format.kind === 'movielens') return { files: known.inputs(paths), format };
  return { files: givenFiles(dataset, paths, 'the raw files to score'), format };
}

/** What the manifest says of it; nothing where the registry knows. */
export function readingOf(name: string, { format, timeSplit }: Dataset): Manifest['reading'] {
  if (isDatasetName(name) || format.kind === 'movielens') return undefined;
  switch (format.kind) {
    case 'parquet':
      return { format, timeSplit };
    case 'csv':
      return { format: { ...format, columns: format.columns && [...format.columns] }, timeSplit };
    case 'text': {
      const [columns, labels] = [[...format.columns], [...format.labels]];
      return { format: { ...format, columns, labels }, timeSplit };
    }
  }
}
