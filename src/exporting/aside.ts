// Files that appear whole or not at all, several at once: written into a hidden directory beside their place, then renamed,
// the one that others are found by last. A failure, or a process that is killed, leaves nothing under their names.
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { living, partialOf, removeStale } from '../data/output-directory.js';
import { UserError } from '../errors.js';
import { syncDirectory } from '../formats/sync-directory.js';
import { cannotWrite } from '../runs/whole-file.js';

/**
 * Calls `write` with a path of the same name in a directory of its own; the files it says it wrote there take their places.
 *
 * @returns what `write` returned, with the files' places
 * @throws whatever `write` throws, after removing what was written; UserError where nothing can be
 */
export async function writeFilesAside<T extends { readonly files: readonly string[] }>(
  out: string,
  write: (temporary: string) => Promise<T>,
): Promise<T> {
  const place = resolve(out);
  const parent = dirname(place);
  const made = await mkdir(parent, { recursive: true }).catch((error) => {
    throw cannotWrite(out, error);
  });
  await removeStale(place);
  const aside = partialOf(place);
  living.add(basename(aside));
  try {
    await mkdir(aside).catch((error) => {
      throw cannotWrite(out, error);
    });
    const written = await write(join(aside, basename(place)));
    // The first one is what the others are found by.
    const files = written.files.map((file) => join(parent, basename(file)));
    for (const i of files.keys()) {
      const at = files.length - 1 - i;
      await rename(written.files[at], files[at]);
    }
    await syncDirectory(parent);
    return { ...written, files: files.map((file) => join(dirname(out), basename(file))) };
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (made !== undefined) await removeEmpty(parent, made);
    throw inPlace(error, aside, parent);
  } finally {
    await rm(aside, { recursive: true, force: true });
    living.delete(basename(aside));
  }
}

/** Removes the directories from `last` up to `first` as far as they are empty. */
async function removeEmpty(last: string, first: string): Promise<void> {
  for (let directory = last; directory.length >= first.length; directory = dirname(directory)) {
    try {
      await rmdir(directory);
    } catch {
      return;
    }
  }
}

/** A sentence about a file of the hidden directory says where the file was to be. */
function inPlace(error: unknown, aside: string, parent: string): unknown {
  if (!(error instanceof UserError) || !error.message.includes(aside)) return error;
  return new UserError(error.message.replaceAll(aside, parent), error.help, error.exitCode);
}
