// The encoded data set that `--extend` goes on from: its options, which are kept, its vocabularies, whose ids are
// kept, and the number of the next row, so that the split of new rows is drawn as if they had been there before.
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { parseSchema } from '../schema/schema.js';
import type { Dataset, SplitRule } from './datasets/dataset.js';
import { splitRules } from './datasets/dataset.js';
import { loadDataset } from './encoded-dataset.js';
import type { Manifest } from './manifest.js';
import { fileDataset, isFileKind } from './schema-file.js';

export interface Base {
  dir: string;
  manifest: Manifest;
  settings: {
    seed: number;
    rule: SplitRule;
    minCount: number;
    vocabulary: 'train' | 'all';
    negativeSampling: number;
  };
  /** The data set, where it was one of somebody's own files. */
  dataset: Dataset | null;
  /** Row numbers that are taken. */
  rows: number;
  vocabulary(name: string): BaseVocabulary;
}

/** A vocabulary to go on from: its Parquet file, and its size with OOV. */
export interface BaseVocabulary {
  path: string;
  size: number;
}

/** Opens the data set to extend. @throws UserError when there is none, or it cannot be extended */
export async function openBase(dir: string): Promise<Base> {
  const { manifest } = await loadDataset(dir);
  const { split, minCount, vocabulary, negativeSampling } = manifest.options;
  const rule = splitRules.find((known) => known === split);
  if (manifest.vocabularies.some(({ rare }) => rare === undefined) || !rule || typeof minCount !== 'number') {
    throw new UserError(
      `The data set '${dir}' cannot be extended: the bitrow that wrote it (${manifest.bitrow}) kept no counts of rare values.`,
      'prepare it again',
    );
  }
  const { reading, dataset: name } = manifest;
  const byName = new Map(manifest.vocabularies.map((vocabulary) => [vocabulary.name, vocabulary]));
  return {
    dir,
    manifest,
    settings: {
      seed: manifest.seed,
      rule,
      minCount,
      vocabulary: vocabulary === 'all' ? 'all' : 'train',
      negativeSampling: typeof negativeSampling === 'number' ? negativeSampling : 1,
    },
    dataset:
      isFileKind(name) && reading && reading.format.kind !== 'text'
        ? fileDataset(name, parseSchema(manifest.schema), reading.format, {
            minCount,
            timeSplit: reading.timeSplit,
          })
        : null,
    rows: (manifest.firstRow ?? 0) + manifest.input.reduce((sum, { rows }) => sum + rows, 0),
    vocabulary(vocabularyName) {
      const found = byName.get(vocabularyName);
      if (!found) throw new UserError(`The data set '${dir}' has no vocabulary '${vocabularyName}'.`);
      return { path: join(dir, found.file), size: found.size };
    },
  };
}
