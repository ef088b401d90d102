// A file that appears whole or not at all: written beside its place under a temporary name, renamed at the end,
// removed on any failure. What exists is refused, or with `force` replaced. The like for directories is
// output-directory.ts.
import { statSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { living, partialOf, removeStale } from './output-directory.js';

/** Refuses a place that is taken. @throws UserError that says how to go on */
export function requireFreeFile(path: string, force: boolean): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isDirectory())
    throw new UserError(`The output '${path}' is a directory; a file is written there.`);
  if (force) return;
  throw new UserError(
    `The output file '${path}' exists.`,
    'choose another name, or pass --force to replace it',
  );
}

/** Calls `write` with a new path beside `path`, of the same extension, which takes its place when `write` succeeds.
 * @throws whatever `write` throws, after removing what was written, and directories that were made for it */
export async function writeAside<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const place = resolve(path);
  const extension = extname(place);
  await removeStale(place);
  const name = partialOf(place);
  living.add(basename(name));
  const temporary = `${name}${extension}`;
  const made = await mkdir(dirname(place), { recursive: true });
  try {
    const result = await write(temporary);
    await rename(temporary, place);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    if (made !== undefined) await removeEmpty(dirname(place), made);
    throw error;
  } finally {
    living.delete(basename(name));
  }
}

/** Removes the directories from `last` up to `first` as far as they are empty: others may have written there too. */
async function removeEmpty(last: string, first: string): Promise<void> {
  for (let directory = last; directory.length >= first.length; directory = dirname(directory)) {
    const removed = await rmdir(directory).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
