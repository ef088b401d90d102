import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type LockOwner, RunLock } from './lock.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(folder, 'run-'));
});
const file = () => join(directory, 'lock');
const owner = (): LockOwner => JSON.parse(readFileSync(file(), 'utf8'));
const write = (change: Partial<LockOwner>) =>
  writeFileSync(file(), JSON.stringify({ ...owner(), ...change }));

/** A process that was there and is not any more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid ?? -1;
}

describe('the lock of a run', () => {
  it('names its process, host and start, and goes when it is released', async () => {
    const lock = await RunLock.take(directory);
    expect(owner()).toMatchObject({ pid: process.pid, host: hostname(), since: expect.any(String) });
    expect(readdirSync(directory)).toEqual(['lock']);
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is refused while its process lives, by all that ask', async () => {
    const lock = await RunLock.take(directory);
    await expect(RunLock.take(directory)).rejects.toThrow(
      `is being trained by process ${process.pid} on host '${hostname()}' since`,
    );
    expect(() => RunLock.requireFree(directory)).toThrow(/is being trained/);
    await lock.release();
    expect(() => RunLock.requireFree(directory)).not.toThrow();
  });

  it('is taken over when its process is gone, by one of many that try', async () => {
    await RunLock.take(directory);
    write({ pid: await deadPid() });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => RunLock.take(directory)));
    expect(tries.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(owner().pid).toBe(process.pid);
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  it.skipIf(process.platform !== 'linux')(
    'is taken over when its number belongs to another process now',
    async () => {
      await RunLock.take(directory);
      write({ start: 'an earlier boot:12' });
      await RunLock.take(directory);
      expect(owner().start).not.toMatch(/earlier/);
    },
  );

  it('of another host is not touched, and how to remove it is said', async () => {
    await RunLock.take(directory);
    write({ host: 'elsewhere', pid: await deadPid() });
    await expect(RunLock.take(directory)).rejects.toMatchObject({
      message: expect.stringMatching(/on host 'elsewhere'/),
      help: `if it no longer runs there, delete '${file()}'`,
    });
  });

  it('that is unreadable is not touched', async () => {
    writeFileSync(file(), '{"pid":');
    await expect(RunLock.take(directory)).rejects.toThrow(/cannot be read/);
    expect(RunLock.isIn(directory)).toBe(false);
  });

  it('that someone else took meanwhile stays when it is released', async () => {
    const lock = await RunLock.take(directory);
    write({ pid: 1 });
    await lock.release();
    expect(existsSync(file())).toBe(true);
  });
});
