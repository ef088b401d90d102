// RUN/lock: the one process that writes a run. It names process, host and the process's start, so that a lock whose
// process is gone (killed, or the machine was started anew) is told from one that is held, and taken over.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';

export const LOCK_FILE = 'lock';

const ownerSchema = z.strictObject({
  pid: z.int(),
  host: z.string(),
  /** Tells the process from a later one of the same number: see `startOf`. */
  start: z.string(),
  /** ISO 8601, for people. */
  since: z.string(),
});
/** Who holds a lock. */
export type LockOwner = z.infer<typeof ownerSchema>;

/** Whether a file is what a process leaves that is killed while it takes a lock. */
export function isLockAside(name: string): boolean {
  return /^lock\.[0-9a-f]{8}$/.test(name);
}

/** What a directory's lock stands for, in the sentence for who finds it held. */
export interface LockWords {
  /** What goes on there, up to the process that does it. */
  work(directory: string): string;
  /** Where the process is of this machine. */
  help: string;
}

const training: LockWords = {
  work: (directory) => `The run '${directory}' is being trained`,
  help: 'wait for it, or stop it with Ctrl-C and go on with --resume',
};

/** A lock that is held; `release` it when done. */
export class RunLock {
  private constructor(
    private readonly path: string,
    private readonly text: string,
  ) {}

  /**
   * Takes the lock of a directory that exists.
   *
   * @throws UserError naming the process and host that hold it, or when the directory cannot be written
   */
  static async take(directory: string, words = training): Promise<RunLock> {
    const path = join(directory, LOCK_FILE);
    const owner: LockOwner = {
      pid: process.pid,
      host: hostname(),
      start: startOf(process.pid) ?? 'unknown',
      since: new Date().toISOString(),
    };
    const text = `${JSON.stringify(owner)}\n`;
    for (;;) {
      if (await create(path, text)) return new RunLock(path, text);
      const found = readOwner(directory);
      if (found === 'none') continue;
      if (found === 'unreadable') {
        throw new UserError(`The lock '${path}' cannot be read.`, `delete '${path}' if nothing trains there`);
      }
      if (isHeld(found)) throw heldBy(directory, found, words);
      await takeAway(path, found);
    }
  }

  /** @throws UserError when another process holds the lock of a directory */
  static requireFree(directory: string): void {
    const owner = readOwner(directory);
    if (typeof owner === 'object' && isHeld(owner)) throw heldBy(directory, owner, training);
  }

  /** Whether there is a lock file of ours, held or not: the directory is a run, or was to become one. */
  static isIn(directory: string): boolean {
    return typeof readOwner(directory) === 'object';
  }

  async release(): Promise<void> {
    try {
      if (readFileSync(this.path, 'utf8') === this.text) await rm(this.path, { force: true });
    } catch {
      // The directory is gone, or no longer ours to write: then there is nothing to release.
    }
  }
}

/** Makes the lock, with its text in it from the first moment. False when there is one. */
async function create(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(aside, text, { flag: 'wx' });
    try {
      await link(aside, path);
    } catch (error) {
      if (isExisting(error)) return false;
      // A file system without links.
      await writeFile(path, text, { flag: 'wx' });
    }
    return true;
  } catch (error) {
    if (isExisting(error)) return false;
    throw new UserError(`'${path}' cannot be written: ${(error as Error).message}.`);
  } finally {
    await rm(aside, { force: true }).catch(() => undefined);
  }
}

/** Removes the lock of a process that is gone; of several that try, one does. */
async function takeAway(path: string, gone: LockOwner): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UserError(`'${path}' cannot be taken over: ${(error as Error).message}.`);
  }
  // Someone was faster, and this is the new lock: it goes back.
  const taken = parseOwner(readFileSync(aside, 'utf8'));
  if (taken?.pid !== gone.pid || taken.start !== gone.start) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function readOwner(directory: string): LockOwner | 'none' | 'unreadable' {
  const path = join(directory, LOCK_FILE);
  if (!existsSync(path)) return 'none';
  try {
    return parseOwner(readFileSync(path, 'utf8')) ?? 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unreadable';
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Of another host nothing is known: its locks count as held. */
function isHeld({ pid, host, start }: LockOwner): boolean {
  if (host !== hostname()) return true;
  const now = startOf(pid);
  return now !== undefined && (start === 'unknown' || now === 'unknown' || now === start);
}

/**
 * When a process started: on Linux the boot's id and the clock ticks since it, elsewhere 'unknown'. Undefined when
 * there is no such process.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not ours to signal, but there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // From the third field on; the second is the program's name in brackets, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    // Ended, but nobody asked for its exit code yet.
    if (state === 'Z' || state === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${ticks}`;
  } catch {
    return 'unknown';
  }
}

function heldBy(directory: string, { pid, host, since }: LockOwner, { work, help }: LockWords): UserError {
  const path = join(directory, LOCK_FILE);
  const isHere = host === hostname();
  return new UserError(
    `${work(directory)} by process ${pid} on host '${host}' since ${since}.`,
    isHere ? help : `if it no longer runs there, delete '${path}'`,
  );
}

function isExisting(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST';
}
