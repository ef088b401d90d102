import { expect, test } from 'vitest';
import { createProgress, duration } from './progress.js';

/** Feeds one update per 100 ms, `updates` of 100, and gives what was written. */
function written(isTTY: boolean, json: boolean, updates: number): string[] {
  const lines: string[] = [];
  let time = 0;
  const progress = createProgress(
    { isTTY, columns: 80, write: (text) => lines.push(text) },
    json,
    () => time,
  );
  for (let done = 0; done < updates; done++, time += 100) {
    progress.update({ stage: 'read', done, total: 100, unit: 'rows' });
  }
  progress.finish();
  return lines;
}

test('a terminal has one line with bar, rate and time left, cleared at the end', () => {
  const lines = written(true, false, 51);
  expect(lines).toHaveLength(52);
  expect(lines[50]).toBe('\r\x1b[2Kread     [############............]  50 % 10 rows/s 5 s left');
  expect(lines[51]).toBe('\r\x1b[2K');
  expect(written(true, true, 51)).toEqual(lines);
});

test('elsewhere there is a plain line every three seconds, and none with --json', () => {
  const lines = written(false, false, 100);
  expect(lines).toHaveLength(4);
  expect(lines[1]).toBe('read      30 % 10 rows/s 7 s left\n');
  expect(written(false, true, 100)).toEqual([]);
});

test('durations', () => {
  expect([0.2, 59, 61, 3661].map(duration)).toEqual(['1 s', '59 s', '1 min 1 s', '1 h 1 min']);
});
