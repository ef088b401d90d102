// The process beside us, with stand-ins for Python: one that answers, one that has no torch, and none at all.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startTorch } from './torch-peer.js';

const directory = await mkdtemp(join(tmpdir(), 'bitrow-peer-'));
afterAll(() => rm(directory, { recursive: true }));

/** A program that runs a few lines of shell, whatever it is given. */
async function program(lines: string): Promise<string> {
  const file = join(directory, `${lines.length}.sh`);
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, 0o755);
  return file;
}

const request = { do: 'prepack', bits: 4, greedy: false, first: 0, rows: 10 } as const;

it('hands requests on and gives the seconds of the answers', async () => {
  const echo = `echo '{"torch": "9.9"}'; read line; echo '{"seconds": 0.5}'; read line; echo "{\\"seconds\\": 2}"`;
  const peer = await startTorch(await program(echo), 'table', 10, 64);
  if (typeof peer === 'string') throw new Error(peer);
  expect(peer.version).toBe('9.9');
  expect(await peer.run(request)).toBe(0.5);
  expect(await peer.run(request)).toBe(2);
  peer.close();
});

it('says why there is none', async () => {
  const bare = await program(`echo "ModuleNotFoundError: No module named 'torch'" >&2; exit 1`);
  expect(await startTorch(bare, 'table', 10, 64)).toBe(
    `${bare} cannot run PyTorch (ModuleNotFoundError: No module named 'torch')`,
  );
  const missing = join(directory, 'nowhere');
  expect(await startTorch(missing, 'table', 10, 64)).toBe(
    `${missing} cannot run PyTorch (spawn ${missing} ENOENT)`,
  );
});

it('is an error when the process ends in the middle', async () => {
  const dies = await program(`echo '{"torch": "9.9"}'; read line; echo "out of memory" >&2; exit 1`);
  const peer = await startTorch(dies, 'table', 10, 64);
  if (typeof peer === 'string') throw new Error(peer);
  await expect(peer.run(request)).rejects.toThrow('PyTorch ended: out of memory');
});
