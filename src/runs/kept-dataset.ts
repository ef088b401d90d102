// What a run keeps of the data it was trained on, so that it can score raw rows where the data is gone: dataset.json,
// a copy of the data set's manifest, and beside it the vocabularies' indexes.
import { copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type EncodedDataset, readManifest } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { VocabularyIndex } from '../formats/vocabulary-index.js';
import { readVocabularyIndex } from '../formats/vocabulary-index-file.js';
import { writeWhole } from './whole-file.js';

const DATASET_FILE = 'dataset.json';
/** Where data sets have their vocabularies, and runs too. */
const VOCABULARIES = 'vocabularies';
const noLoad = 'train again with this version of bitrow: a run keeps them from then on';

/** Puts manifest and indexes into the run's directory, in place of what is there. Indexes are hard links where the file system allows it. */
export async function keepDataset(run: string, { dir, manifest }: EncodedDataset): Promise<void> {
  for (const { index } of manifest.vocabularies) {
    const from = join(dir, index.file);
    const to = join(run, index.file);
    await mkdir(dirname(to), { recursive: true });
    try {
      // Copying onto a link to the same file would empty both.
      await rm(to, { force: true });
      await link(from, to).catch(() => copyFile(from, to));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserError(
        `The vocabulary index '${from}' cannot be kept: ${reason}.`,
        'prepare the data again',
      );
    }
  }
  await writeWhole(join(run, DATASET_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The manifest of the data that a run was trained on. @throws UserError when the run keeps none, or another's */
export async function readKeptDataset(run: string, fingerprint: string): Promise<Manifest> {
  const file = join(run, DATASET_FILE);
  const manifest = await readManifest(
    file,
    `The run '${run}' keeps no schema and vocabularies (no ${DATASET_FILE}).`,
    noLoad,
  );
  if (manifest.fingerprint === fingerprint) return manifest;
  throw new UserError(
    `'${file}' has the fingerprint ${manifest.fingerprint.slice(0, 12)}, the run was trained on ${fingerprint.slice(0, 12)}.`,
    'copy the whole run again',
  );
}

/** Bytes of the indexes that a run keeps; 0 where it keeps none. */
export async function keptIndexBytes(run: string): Promise<number> {
  const folder = join(run, VOCABULARIES);
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The indexes that a run keeps, by the names of their vocabularies. @throws UserError for one that is damaged */
export async function readKeptIndexes(
  run: string,
  manifest: Manifest,
): Promise<ReadonlyMap<string, VocabularyIndex>> {
  const indexes = new Map<string, VocabularyIndex>();
  for (const { name, size, index } of manifest.vocabularies) {
    const read = await readVocabularyIndex(join(run, index.file), index.sha256);
    if (read.size !== size) {
      throw new UserError(
        `Vocabulary '${name}' has ${read.size} rows in its index, and ${size} in ${DATASET_FILE}.`,
      );
    }
    indexes.set(name, read);
  }
  return indexes;
}
