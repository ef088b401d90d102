// The program as a process of its own: what only real signals and streams show.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareToy } from '../../test/toy-dataset.js';

const program = fileURLToPath(new URL('./main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitrow-main-'));
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 8000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

it('Ctrl-C in the middle of a batch ends with 130 and a sentence, not with a crash', async () => {
  // A network that is busy nearly all of the time, in native code.
  const options = [
    '--threads',
    '2',
    '--set',
    'model.hidden=[800,800]',
    '--epochs',
    '1000',
    '--batch-size',
    '512',
  ];
  const argv = [program, 'train', '--data', data, '--out', join(folder, 'run'), ...options];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const isFirst = !err.includes('epoch 1/1000');
    err += text;
    // The first line of progress: a batch is done, the next ones are in work. Once: a second signal is another request.
    if (isFirst && err.includes('epoch 1/1000')) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, err }).toEqual({
    code: 130,
    err: expect.stringMatching(
      /\nStopped; '.*' holds a checkpoint of epoch 1, step \d+\. To finish, go on with `.*`\.\n$/,
    ),
  });
});

it('a reader that goes away is no failure', async () => {
  const child = spawn(process.execPath, [program, 'train', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, err }).toEqual({ code: 0, err: '' });
});
