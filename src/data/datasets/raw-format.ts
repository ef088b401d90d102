// The raw files that a model is asked to score, and how they are written: as the manifest of its data says, or as the
// data set of that name has it.
import { UserError } from '../../errors.js';
import type { Manifest } from '../manifest.js';
import type { InputFile, RawFormat } from './dataset.js';
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
