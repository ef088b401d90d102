// Which rows of a table are hot: the share of them that training saw most often. They must be the first rows of their
// vocabularies (embedding/tiers.ts); ids are sorted by count, but for values that came with `prepare --extend`, which
// count as no more frequent than any id before theirs. A vocabulary's OOV, which stands for all its rare values and has no
// count of its own, is taken with the first of the others.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { readCounts } from '../data/vocabulary-file.js';
import { UserError } from '../errors.js';
import type { Config } from '../runs/config.js';
import { configHotBits } from '../runs/config-method.js';
import { type DatasetShape, datasetShape } from './blueprint.js';

/**
 * Per vocabulary, how many of its first rows are hot; undefined for a configuration without hot rows.
 *
 * @throws UserError when the data set keeps no counts
 */
export async function readHotRows(config: Config, dataset: EncodedDataset): Promise<number[] | undefined> {
  if (configHotBits(config) === null) return undefined;
  const { dir, manifest } = dataset;
  const missing = manifest.vocabularies.find(({ file }) => !existsSync(join(dir, file)));
  if (missing) {
    throw new UserError(
      `The data set '${dir}' keeps no counts of the values of '${missing.name}', by which method.hotBits would choose rows.`,
      'prepare the data again, or leave out method.hotBits',
    );
  }
  const counts: Float64Array[] = [];
  for (const { name } of manifest.vocabularies) counts.push(await readCounts(dataset, name));
  return hottestRows(counts, config.method.hotShare);
}

/**
 * The shape that a manifest describes, with as many hot rows as there will be, all in front: for what memory will be
 * needed. Which they are takes the data's counts, and changes no more than headers and some alignment.
 */
export function expectedShape(config: Config, manifest: Manifest): DatasetShape {
  const shape = datasetShape(manifest);
  if (configHotBits(config) === null) return shape;
  let left = Math.round(config.method.hotShare * shape.vocabularySizes.reduce((sum, size) => sum + size, 0));
  const hotRows = shape.vocabularySizes.map((size) => {
    const hot = Math.min(size, left);
    left -= hot;
    return hot;
  });
  return { ...shape, hotRows };
}

/**
 * How many first rows of each vocabulary are among the `share` of all rows with the greatest counts; of equal ones those
 * of the first vocabularies.
 *
 * @param counts of each vocabulary, by id; changed to what rows are chosen by
 */
export function hottestRows(counts: readonly Float64Array[], share: number): number[] {
  for (const vocabulary of counts) {
    if (vocabulary.length > 1) vocabulary[0] = vocabulary[1];
    for (let id = 1; id < vocabulary.length; id++) {
      vocabulary[id] = Math.min(vocabulary[id], vocabulary[id - 1]);
    }
  }
  const rows = counts.reduce((sum, { length }) => sum + length, 0);
  const wanted = Math.round(share * rows);
  /** Rows counted at least that often, of each vocabulary. */
  const atLeast = (count: number) => counts.map((vocabulary) => prefixAtLeast(vocabulary, count));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  // The least count that no more rows have than are wanted: low has too many, or is below all counts.
  let low = -1;
  let high = counts.reduce((most, vocabulary) => Math.max(most, vocabulary[0] ?? 0), 0) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (sum(atLeast(middle)) <= wanted) high = middle;
    else low = middle;
  }
  const chosen = atLeast(high);
  const withNext = atLeast(high - 1);
  let left = wanted - sum(chosen);
  return chosen.map((own, vocabulary) => {
    const more = Math.min(left, withNext[vocabulary] - own);
    left -= more;
    return own + more;
  });
}

/** How many of the descending numbers are at least `count`. */
function prefixAtLeast(descending: Float64Array, count: number): number {
  let low = 0;
  for (let high = descending.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (descending[middle] >= count) low = middle + 1;
    else high = middle;
  }
  return low;
}
