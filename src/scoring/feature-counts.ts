// How often training saw each feature, per field, in whatever form a slicer wants it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { readCounts } from '../data/vocabulary-file.js';

/** Whether the data set has its vocabulary files, which hold the counts. */
export function hasFeatureCounts({ dir, manifest }: EncodedDataset): boolean {
  return manifest.vocabularies.every(({ file }) => existsSync(join(dir, file)));
}

/**
 * Per field, what `of` makes of the training counts of its vocabulary (by id), as far as the run knows it.
 *
 * @param sizes (F), sizes of the run's vocabularies: greater ids are OOV
 */
export async function featureCounts<Table extends Uint8Array | Float64Array>(
  dataset: EncodedDataset,
  sizes: readonly number[],
  of: (counts: Float64Array) => Table,
): Promise<Table[]> {
  const { fields, vocabularies } = dataset.manifest;
  const tables = new Map<string, Table>();
  for (const { name } of vocabularies) tables.set(name, of(await readCounts(dataset, name)));
  const nothing = of(new Float64Array(0));
  return fields.map(
    ({ vocabulary }, field) => (tables.get(vocabulary) ?? nothing).subarray(0, sizes[field]) as Table,
  );
}
