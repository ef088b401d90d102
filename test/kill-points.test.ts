// The program killed by SIGKILL, at points that matter and at random moments, and resumed: it ends as one that was
// never killed. The larger version is experiments/kill-nine.ts.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultPoint } from './faults/inject.js';
import { runProgram, startProgram } from './program.js';
import { type RunContents, runContents } from './run-contents.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-kill-'));
let data: string;
let whole: RunContents;
/** How long the program took that was not killed, in milliseconds. */
let wholeTime: number;

/** 4 batches an epoch; a checkpoint after each. */
const options = [
  ...[
    '--set',
    'model.hidden=[16]',
    'model.dropout=0.2',
    'model.batchNorm=true',
    'optimizer.learningRate=0.05',
  ],
  ...['--dim', '4', '--batch-size', '512', '--threads', '1', '--epochs', '3', '--json'],
  ...['--checkpoint-minutes', '0.0000001'],
];
const argv = (out: string, ...more: string[]) => ['train', '--data', data, '--out', out, ...options, ...more];

beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2400 });
  const out = join(folder, 'whole');
  const began = performance.now();
  expect(await runProgram(argv(out))).toMatchObject({ code: 0, signal: null });
  wholeTime = performance.now() - began;
  whole = await runContents(out);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run that is killed', () => {
  const points: [point: FaultPoint, times: number, resumedFrom: object | null][] = [
    ['before the run directory', 1, null],
    ['before run.json', 1, null],
    ['during a write', 1, null],
    ['during a write', 6, { epoch: 2, step: 5 }],
    ['before the rename', 4, { epoch: 1, step: 3 }],
    ['between rename and pointer', 1, null],
    ['between rename and pointer', 7, { epoch: 2, step: 6 }],
    ['before the pointer', 7, { epoch: 2, step: 6 }],
    ['after the pointer', 3, { epoch: 1, step: 3 }],
    ['after the best copy', 2, { epoch: 2, step: 7 }],
    ['after the metrics', 2, { epoch: 2, step: 7 }],
    ['during evaluation', 2, { epoch: 2, step: 7 }],
    ['between two passes', 6, { epoch: 2, step: 5 }],
    ['during an update', 10, { epoch: 3, step: 9 }],
  ];
  it.each(points)('%s, time %i, ends as one that was not', async (point, times, resumedFrom) => {
    const out = join(folder, `${point} ${times}`);
    expect(await runProgram(argv(out), `${point}:${times}`)).toMatchObject({ signal: 'SIGKILL' });
    const { code, out: json } = await runProgram(argv(out, '--resume'));
    expect(code).toBe(0);
    expect(JSON.parse(json)).toMatchObject({ run: out, resumedFrom });
    expect(await runContents(out)).toEqual(whole);
    expect(existsSync(join(out, 'lock'))).toBe(false);
  });

  it('by Ctrl-C writes a checkpoint and ends with 130; resumed, it ends as one that was not', async () => {
    const out = join(folder, 'interrupted');
    // Only Ctrl-C can have written the checkpoint.
    const never = ['--checkpoint-minutes', 'never'];
    const program = startProgram(argv(out, ...never));
    const timer = setInterval(() => {
      if (!existsSync(join(out, 'metrics.jsonl'))) return;
      clearInterval(timer);
      program.kill('SIGINT');
    }, 2);
    const { code, signal, out: json } = await program.ended;
    clearInterval(timer);
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(JSON.parse(json).error).toMatch(
      /^Stopped; '.*' holds a checkpoint of epoch \d+, step \d+\. To finish,/,
    );
    expect(existsSync(join(out, 'lock'))).toBe(false);
    expect((await runProgram(argv(out, '--resume', ...never))).code).toBe(0);
    expect(await runContents(out)).toEqual(whole);
  });

  it.each([1, 2, 3])('at random moments (seed %i) ends as one that was not', async (seed) => {
    const out = join(folder, `random ${seed}`);
    let kills = 0;
    let longest = wholeTime;
    for (let state = seed; kills < 4; ) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const program = startProgram(argv(out, '--resume'));
      setTimeout(() => program.kill('SIGKILL'), (longest * (state >>> 16)) / 2 ** 16);
      if ((await program.ended).signal === 'SIGKILL') kills++;
      else if (kills > 0) break;
      else {
        // Faster than every kill: again, with less time for it.
        rmSync(out, { recursive: true });
        longest /= 2;
      }
    }
    expect((await runProgram(argv(out, '--resume'))).code).toBe(0);
    expect(await runContents(out)).toEqual(whole);
  });
});
