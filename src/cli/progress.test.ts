import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.js';

function record(isTTY: boolean, columns: number, json = false) {
  const written: string[] = [];
  let time = 0;
  const target = { write: (text: string) => written.push(text), isTTY, columns };
  const progress = createProgress(target, { json, now: () => time, plainMs: 1000 });
  const update = (done: number) =>
    progress.update({
      stage: 'epoch 1/15',
      done,
      total: 4_000_000,
      unit: 'samples',
      details: ['loss 0.3812', 'table 21.8 MB'],
    });
  return {
    written,
    progress,
    update,
    advance: (ms: number) => {
      time += ms;
    },
  };
}

/** The line as a terminal shows it. */
const shown = (text: string | undefined) => text?.replace('\r\x1b[2K', '') ?? '';

describe('on a terminal', () => {
  it.each([60, 80, 120, 200])('fits %i columns, with a bar', (columns) => {
    const { written, update, advance } = record(true, columns);
    update(0);
    advance(10_000);
    update(400_000);
    const line = shown(written.at(-1));
    expect(line.length).toBeLessThan(columns);
    expect(line).toMatch(/^epoch 1\/15 {2}\[#+\.+\] +10 % {2}40,000 samples\/s/);
  });

  it('has room for everything at 120 columns', () => {
    const { written, update, advance } = record(true, 120);
    update(0);
    advance(10_000);
    update(400_000);
    expect(shown(written.at(-1))).toMatch(/ {2}1 min 30 s left {2}loss 0\.3812 {2}table 21\.8 MB$/);
  });

  it('keeps lines above the bar and redraws at once', () => {
    const { written, progress, update } = record(true, 80);
    update(0);
    progress.line('epoch 1 done');
    update(1);
    expect(written[1]).toBe('\r\x1b[2Kepoch 1 done\n');
    expect(written).toHaveLength(3);
  });

  it('draws ten times a second at most', () => {
    const { written, update, advance } = record(true, 80);
    for (let i = 0; i < 100; i++, advance(10)) update(i);
    expect(written).toHaveLength(10);
  });
});

describe('without a terminal', () => {
  it('prints plain lines, now and then', () => {
    const { written, update, advance } = record(false, 80);
    for (let i = 0; i < 30; i++, advance(100)) update(i * 1000);
    expect(written).toEqual([
      'epoch 1/15    0 %  loss 0.3812  table 21.8 MB\n',
      expect.stringMatching(/^epoch 1\/15 {4}0 % {2}10,000 samples\/s {2}6 min 39 s left {2}loss/),
      expect.stringMatching(/^epoch 1\/15 {4}0 % {2}10,000 samples\/s/),
    ]);
  });

  it('prints nothing with --json but warnings', () => {
    const { written, progress, update } = record(false, 80, true);
    update(1);
    progress.line('epoch 1');
    progress.warn('warning: steps at their floor');
    progress.finish();
    expect(written).toEqual(['warning: steps at their floor\n']);
  });
});
