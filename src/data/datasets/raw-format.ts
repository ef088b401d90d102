// How the raw files of an encoded data set are written: as its manifest says, or as the data set of that name has it.
import { UserError } from '../../errors.js';
import type { Manifest } from '../manifest.js';
import type { RawFormat } from './dataset.js';
import { datasets, isDatasetName } from './registry.js';

/** @throws UserError when nobody knows */
export function rawFormatOf({ dataset, reading }: Manifest): RawFormat {
  if (reading) return reading.format;
  if (isDatasetName(dataset)) return datasets[dataset].format;
  throw new UserError(
    `This bitrow does not know how files of the data set '${dataset}' are written.`,
    'prepare the data again, and train on it',
  );
}
