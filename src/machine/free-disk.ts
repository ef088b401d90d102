// How much room there is on the disk that a path is on, or will be.
import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Bytes that this user may still write there; infinite where the system does not say. */
export function freeDisk(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(existingPlace(path));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The path, or the nearest directory above it that is there. */
export function existingPlace(path: string): string {
  let place = resolve(path);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}
