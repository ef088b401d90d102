// A name that was just made or changed, onto the disk: what survives a loss of power.
import { open } from 'node:fs/promises';

/** Syncs a directory. Windows cannot do it, and does not need it. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
