// Small files of a run that are there whole or not at all, also after a loss of power: written aside, put on the
// disk, renamed.
import { readdirSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { syncDirectory } from '../formats/sync-directory.js';

/** Writes a text under a name, replacing what is there. @throws UserError when it cannot */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    const file = await open(`${path}.partial`, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.partial`, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The sentence for a file that cannot be written. What is a sentence already stays as it is. */
export function cannotWrite(path: string, error: unknown, help?: string): UserError {
  if (error instanceof UserError) return new UserError(error.message, help ?? error.help);
  const reason = error instanceof Error ? error.message : String(error);
  return new UserError(`'${path}' cannot be written: ${reason}.`, help);
}

/** What lies in a directory that is to be written to; nothing where it is not there yet. @throws UserError */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cannotWrite(directory, error);
  }
}
