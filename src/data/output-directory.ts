// A directory that appears whole or not at all: written beside its place under a temporary name, renamed at the
// end, removed on any failure. What exists is refused, or with `force` replaced, but only by its like.
// The temporary name tells machine and process, so that what a killed one left is known for what it is.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';

/** Refuses a place that is taken. `mark` is a file that tells a directory that `force` may replace. */
export function requireFree(directory: string, mark: string, force: boolean): void {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) throw new UserError(`The output '${directory}' exists and is a file.`);
  if (readdirSync(directory).length === 0) return;
  if (!existsSync(join(directory, mark))) {
    throw new UserError(
      `The output '${directory}' exists and holds something else (no ${mark} in it); it is never replaced.`,
      'choose another --out',
    );
  }
  if (!force) {
    throw new UserError(
      `The output '${directory}' exists.`,
      'choose another --out, or pass --force to replace it',
    );
  }
}

/** Beginnings of names being written by this process. */
export const living = new Set<string>();

/** A new path beside `place` by which `removeStale` finds what this process was writing when it was killed. While it
 * lives it is `living`. */
export function partialOf(place: string, kind = 'partial'): string {
  const name = `.${basename(place)}.${kind}-${machine}-${process.pid}-${randomBytes(4).toString('hex')}`;
  return join(dirname(place), name);
}

const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Removes what killed processes of this machine left half-written beside `directory`. Gives the names. */
export async function removeStale(directory: string): Promise<string[]> {
  const place = resolve(directory);
  const parent = dirname(place);
  if (!existsSync(parent)) return [];
  const beginning = `.${basename(place)}.partial-${machine}-`;
  const stale = readdirSync(parent).filter((name) => {
    if (!name.startsWith(beginning) || [...living].some((known) => name.startsWith(known))) return false;
    const id = Number(name.slice(beginning.length).split('-')[0]);
    return id === process.pid || !isRunning(id);
  });
  for (const name of stale) await rm(join(parent, name), { recursive: true, force: true });
  return stale;
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Calls `write` with a new directory beside `directory`, which takes its place when `write` succeeds.
 * @throws whatever `write` throws, after removing all that was written. */
export async function writeDirectory<T>(
  directory: string,
  write: (temporary: string) => Promise<T>,
): Promise<T> {
  const place = resolve(directory);
  const temporary = partialOf(place);
  living.add(basename(temporary));
  const parent = await mkdir(dirname(place), { recursive: true });
  await mkdir(temporary);
  try {
    const result = await write(temporary);
    const old = partialOf(place, 'replaced');
    const exists = existsSync(place);
    if (exists) await rename(place, old);
    try {
      await rename(temporary, place);
    } catch (error) {
      if (exists) await rename(old, place);
      throw error;
    }
    if (exists) await rm(old, { recursive: true, force: true });
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Folders made for the output go again too, from the topmost new one on.
    if (parent !== undefined) await rm(parent, { recursive: true, force: true });
    throw error;
  } finally {
    living.delete(basename(temporary));
  }
}
