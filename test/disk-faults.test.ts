// A disk that refuses: a sentence, exit code 1, and the last checkpoint stays good.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitrow } from './command-line.js';
import { type RunContents, runContents } from './run-contents.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-disk-'));
const place = (name: string) => join(folder, name);
const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const options = ['--set', 'model.hidden=[16]', '--dim', '4', '--batch-size', '512', '--threads', '1'];
let data: string;
let whole: RunContents;

const argv = (out: string, ...more: string[]) => [
  ...['train', '--data', data, '--out', place(out), ...options, '--json'],
  ...more,
];

beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2400 });
  await bitrow(argv('whole', '--epochs', '3'));
  whole = await runContents(place('whole'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a failed run leaves must be what an epoch before left, and go on. */
async function expectWhole(out: string) {
  expect(JSON.parse((await bitrow(argv(out, '--epochs', '3', '--resume'))).out)).toMatchObject({
    resumedFrom: { epoch: 2, step: 4 },
  });
  expect(await runContents(place(out))).toEqual(whole);
}

describe.skipIf(process.platform !== 'linux')('a full disk', () => {
  it('while a checkpoint is written (ENOSPC, by /dev/full)', async () => {
    await bitrow(argv('full', '--epochs', '1'));
    // The folder is tidied when the run goes on: the link has to appear after that.
    const tidy = place('full/checkpoints/manifest.json');
    const before = readFileSync(tidy, 'utf8');
    const running = bitrow(argv('full', '--epochs', '3', '--resume'));
    const timer = setInterval(() => {
      try {
        symlinkSync('/dev/full', place('full/checkpoints/epoch-3-step-8.safetensors.partial'));
      } catch {}
    }, 1);
    const { code, out } = await running;
    clearInterval(timer);
    rmSync(place('full/checkpoints/epoch-3-step-8.safetensors.partial'), { force: true });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: expect.stringMatching(/epoch-3-step-8\.safetensors' cannot be written: ENOSPC: no space left/),
      help: 'make room, then go on with --resume from epoch 1, step 4, which is whole',
    });
    expect(readFileSync(tidy, 'utf8')).toBe(before);
    await expectWhole('full');
  });

  it('as the limit of a file’s size (EFBIG, by ulimit)', async () => {
    await bitrow(argv('limited', '--epochs', '1'));
    // 8 blocks of 1,024 bytes: a model fits, a checkpoint does not.
    const limited = spawnSync(
      'bash',
      [
        '-c',
        'ulimit -f 8; exec "$0" "$@"',
        process.execPath,
        main,
        ...argv('limited', '--epochs', '3', '--resume'),
      ],
      { encoding: 'utf8' },
    );
    expect(limited.status).toBe(1);
    expect(JSON.parse(limited.stdout)).toEqual({
      error: expect.stringMatching(/epoch-3-step-8\.safetensors' cannot be written: EFBIG: file too large/),
      help: 'make room, then go on with --resume from epoch 1, step 4, which is whole',
    });
    await expectWhole('limited');
  });
});

describe('a place that cannot be written', () => {
  it('is a sentence when it is below a file', async () => {
    writeFileSync(place('file'), '');
    const { code, err } = await bitrow(argv('file/run'));
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^'.*file\/run' cannot be written: ENOTDIR/),
    });
    expect((await bitrow(argv('file'))).err).toMatch(/exists and is a file\.$/m);
  });

  it('is a sentence when it is where checkpoints belong', async () => {
    await bitrow(argv('blocked', '--epochs', '1'));
    rmSync(place('blocked/checkpoints'), { recursive: true });
    writeFileSync(place('blocked/checkpoints'), '');
    const { code, err } = await bitrow(argv('blocked', '--epochs', '3', '--resume'));
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/checkpoints.* cannot be (read|written)/),
    });
  });

  it.skipIf(process.platform !== 'linux')('is a sentence when it is read-only', async () => {
    // Root may write anywhere: then the program runs as nobody, who may read.
    const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
    chmodSync(folder, 0o755);
    await bitrow(argv('read-only', '--epochs', '1'));
    for (const path of ['read-only', 'read-only/checkpoints']) chmodSync(place(path), 0o555);
    for (const [more, said] of [
      [['--out', place('read-only/run')], /read-only\/run' cannot be written: EACCES/],
      [['--out', place('read-only'), '--resume'], /read-only\/lock' cannot be written: EACCES/],
    ] as const) {
      const command = [main, ...argv('none', '--epochs', '3', ...more)];
      const { status, stdout } = spawnSync(process.execPath, command, { encoding: 'utf8', ...uid });
      expect({ status, said: JSON.parse(stdout).error }).toEqual({
        status: 1,
        said: expect.stringMatching(said),
      });
    }
    for (const path of ['read-only', 'read-only/checkpoints']) chmodSync(place(path), 0o755);
    await expectWhole('read-only');
  });
});
