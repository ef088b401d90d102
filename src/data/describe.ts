// Parts of the manifest that a preparation makes of its task and of what it wrote: fields, numbers, bad rows left out.
import { basename, join } from 'node:path';
import { poolingOf, type Schema, vocabularyOf } from '../schema/schema.js';
import type { Database } from './database.js';
import { type Manifest, splitNames } from './manifest.js';
import { numberStatistics } from './number-statistics.js';
import type { Task } from './prepare-settings.js';
import { type SkippedRows, sentenceAbout } from './read.js';
import type { WrittenSplit } from './write.js';

/** The fields with their vocabularies; of bags, the longest in any split. */
export function describeFields({ fields }: Schema, splits: readonly WrittenSplit[]): Manifest['fields'] {
  return fields.map((field, i) => {
    const pooling = poolingOf(field);
    const longest = Math.max(...splits.map((written) => written.longest[i]));
    return {
      name: field.name,
      vocabulary: vocabularyOf(field),
      ...(pooling && { bag: { pooling, longest } }),
    };
  });
}

/** Mean and deviation of numeric inputs. Data that is extended keeps them, as it keeps its ids: a run goes on with
 * the inputs it has learned from. */
export async function describeNumbers(
  directory: string,
  { dataset: { schema }, base, database }: Task & { database: Database },
): Promise<Pick<Manifest, 'numbers'>> {
  if (!schema.numbers) return {};
  if (base) return { numbers: base.manifest.numbers };
  const train = join(directory, `${splitNames[0]}.parquet`);
  return { numbers: await numberStatistics(database, train, schema.numbers) };
}

/** Bad rows left out; as with inputs, the file's name alone. */
export function describeSkipped({ rows, first }: SkippedRows): Pick<Manifest, 'skipped'> {
  if (first === null) return {};
  return { skipped: { rows, first: sentenceAbout(basename(first.path), first.says) } };
}
