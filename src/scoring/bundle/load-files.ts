// Loads the files of a bundle with a few threads, so that neither reading nor hashing stops the thread that serves.
import { availableParallelism } from 'node:os';
import { VocabularyIndex } from '../../formats/vocabulary-index.js';
import { Team } from '../../team/team.js';
import type { LoadedContent, LoadedFile } from './load-file.js';
import type { LoadWorkerData } from './load-worker.js';

/** More than these wait for memory and disk. */
const MOST_THREADS = 4;

/**
 * Loads files: rows to their places.
 *
 * @returns the indexes among them, by the names of their vocabularies
 * @throws UserError for the first that is damaged
 */
export async function loadFiles(files: readonly LoadedFile[]): Promise<Map<string, VocabularyIndex>> {
  const largestFirst = [...files].sort((a, b) => b.bytes - a.bytes);
  const threads = Math.max(1, Math.min(MOST_THREADS, availableParallelism(), files.length));
  const data: LoadWorkerData = { files: largestFirst, begun: new SharedArrayBuffer(4) };
  const team = new Team<'load', LoadedContent[]>(
    new URL('./load-worker.js', import.meta.url),
    threads,
    () => data,
    () => Atomics.store(new Int32Array(data.begun), 0, files.length),
  );
  try {
    const indexes = new Map<string, VocabularyIndex>();
    for (const content of (await team.call('load')).flat()) {
      if (content) indexes.set(content.name, VocabularyIndex.ofChecked(content.parts));
    }
    return indexes;
  } finally {
    await team.close();
  }
}
