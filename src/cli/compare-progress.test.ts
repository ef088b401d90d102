import { describe, expect, it } from 'vitest';
import { emptyCell } from '../comparing/cell-record.js';
import type { CompareEvent } from '../comparing/events.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { compareProgress } from './compare-progress.js';

const start: CompareEvent = {
  kind: 'start',
  variants: 2,
  seeds: 3,
  cells: 6,
  finished: 4,
  trainings: 2,
  forOthers: 0,
  jobs: 1,
  threads: 2,
  memoryBytes: 331e6,
  availableBytes: 23.1e9,
  seconds: null,
  secondsFrom: 'batches',
  epochs: 15,
};

/** What is printed for some events. */
function printed(
  events: readonly CompareEvent[],
  settings: { isTTY?: boolean; json?: boolean } = {},
): string {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const { isTTY = false, json = false } = settings;
  const progress = compareProgress({ write, isTTY, columns: 100 }, json);
  for (const event of events) progress.onProgress(event);
  return text;
}

describe('the plan of a comparison', () => {
  it('says what there is, what will be done and what it needs', () => {
    expect(printed([start])).toBe(
      [
        '2 variants × 3 seeds = 6 cells, 4 of them finished before',
        '2 trainings to do, one at a time on 2 threads, of at most 15 epochs',
        'memory: about 331 MB at the most, 23.1 GB are free',
        'time: unknown until the first cell has finished',
        '',
      ].join('\n'),
    );
    const many = printed([{ ...start, jobs: 3, seconds: 3700, secondsFrom: 'cells', forOthers: 2 }]);
    expect(many).toContain(
      '2 trainings to do (2 of full for its weights, which others are made from), 3 at a time on 2 threads each',
    );
    expect(many).toContain('time: about 1 h 1 min, going by the cells that have finished');
    expect(printed([{ ...start, seconds: 90 }])).toContain(
      'time: about 1 min 30 s if no training ends early, going by a few batches of each kind',
    );
  });

  it('warns where memory is short, and is short itself where nothing is left', () => {
    expect(printed([{ ...start, memoryBytes: 24e9 }])).toMatch(/^warning: that is more than is free/m);
    expect(printed([{ ...start, finished: 6, trainings: 0 }])).toMatch(
      /before\nNothing is left to train\.\n$/,
    );
  });
});

describe('while cells are trained', () => {
  const begin = (label: string, training: number): CompareEvent[] => [
    { kind: 'training-start', label, seed: 1, training, trainings: 2 },
    {
      kind: 'training',
      label,
      seed: 1,
      event: {
        kind: 'start',
        memory: { table: 0, step: 0, optimizer: 0, buffers: 0, total: 0 },
        fp32Bytes: 0,
        threads: 1,
        rows: 1000,
      },
    },
  ];
  const batch = (label: string): CompareEvent => ({
    kind: 'training',
    label,
    seed: 1,
    event: { kind: 'batch', epoch: 2, epochs: 15, done: 1, batches: 4, loss: 0.5, tableBytes: 0 },
  });

  it('a line of a terminal shows the one that began first', () => {
    const both = [...begin('full', 1), ...begin('alpt:4', 2)];
    expect(printed([...both, batch('alpt:4')], { isTTY: true })).toBe('');
    expect(printed([...both, batch('full')], { isTTY: true })).toMatch(
      /1\/2 full, seed 1, epoch 2\/15 {2}\[#+\.+\] {2} +25 % {2}loss 0\.5000$/,
    );
    const after: CompareEvent[] = [
      ...both,
      { kind: 'training-end', label: 'full', seed: 1 },
      batch('alpt:4'),
    ];
    expect(printed(after, { isTTY: true })).toMatch(/2\/2 alpt:4, seed 1, epoch 2\/15/);
  });

  it('a line stays for each cell, whatever became of it', () => {
    const cell = emptyCell(resolveConfig({}));
    const end = {
      kind: 'cell-end',
      variant: 'alpt:4',
      seed: 1,
      done: 1,
      trainings: 2,
      secondsLeft: 61,
    } as const;
    const finished = {
      ...cell,
      status: 'finished',
      bestEpoch: 3,
      validation: { auc: 0.81234, logloss: 0.4 },
    } as const;
    expect(printed([{ ...end, cell: { ...finished, samplesPerSecond: 31_000, seconds: 40 } }])).toBe(
      'alpt:4, seed 1  validation AUC 0.81234  best epoch 3  31,000 samples/s  40 s  (1 of 2 trainings, about 1 min 1 s left)\n',
    );
    const diverged = { ...cell, status: 'diverged', error: 'The loss is NaN.' } as const;
    expect(printed([{ ...end, done: 2, cell: diverged }])).toBe(
      'alpt:4, seed 1  diverged: The loss is NaN.  (2 of 2 trainings)\n',
    );
    // A failure is told with --json too.
    const failed = { ...cell, status: 'failed', error: 'No room.' } as const;
    expect(printed([{ ...end, cell: finished }], { json: true })).toBe('');
    expect(printed([{ ...end, cell: failed }], { json: true })).toMatch(/failed: No room\./);
  });

  it('counts what has finished', () => {
    const progress = compareProgress({ write: () => {} }, false);
    expect(progress.counts()).toBeNull();
    progress.onProgress(start);
    expect(progress.counts()).toEqual({ finished: 4, cells: 6 });
    const cell = emptyCell(resolveConfig({}));
    const end = {
      kind: 'cell-end',
      variant: 'a',
      seed: 1,
      done: 1,
      trainings: 2,
      secondsLeft: null,
    } as const;
    progress.onProgress({ ...end, cell });
    progress.onProgress({ ...end, cell: { ...cell, status: 'diverged', error: '' } });
    expect(progress.counts()).toEqual({ finished: 5, cells: 6 });
  });
});
