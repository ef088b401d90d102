// Whether the files of a model were replaced: size, time and inode of those that are written when it changes. Whoever
// swaps a directory or a symbolic link for another changes them too. What they hold is checked by who opens them.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A bundle's list of contents with their checksums; a run's record and its best model. */
const watched = ['bundle.json', 'run.json', 'best.safetensors'];

/** A text that differs when the files do. */
export async function modelStamp(path: string): Promise<string> {
  const stamps = await Promise.all(
    watched.map(async (name) => {
      try {
        const { ino, size, mtimeNs } = await stat(join(path, name), { bigint: true });
        return `${name}:${ino}:${size}:${mtimeNs}`;
      } catch {
        return `${name}:none`;
      }
    }),
  );
  return stamps.join(' ');
}
