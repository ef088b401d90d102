// A ring of spans: laps leave no gap, the newest are kept, and how many are lost is known.
import { expect, it } from 'vitest';
import { allocateTrace, readTrace, Trace } from './trace.js';

it('notes laps one after the other, with step and index', () => {
  const ring = allocateTrace(8);
  const trace = new Trace(ring);
  trace.step = 3;
  trace.lap('gather');
  trace.lap('network', 0);
  trace.lap('network', 1);
  const { spans, lost } = readTrace(ring);
  expect(lost).toBe(0);
  expect(spans.map(({ name, step, index }) => [name, step, index])).toEqual([
    ['gather', 3, null],
    ['network', 3, 0],
    ['network', 3, 1],
  ]);
  expect(spans[1].beganMs).toBe(spans[0].endedMs);
  expect(spans[2].beganMs).toBe(spans[1].endedMs);
  expect(spans.every(({ beganMs, endedMs }) => endedMs >= beganMs)).toBe(true);
});

it('keeps the newest spans, in memory of one size', () => {
  const ring = allocateTrace(4);
  const trace = new Trace(ring);
  for (let step = 1; step <= 10; step++) {
    trace.step = step;
    trace.lap('update');
  }
  const { spans, lost } = readTrace(ring);
  expect(lost).toBe(6);
  expect(spans.map(({ step }) => step)).toEqual([7, 8, 9, 10]);
  expect(ring.byteLength).toBe(8 + 4 * 28);
});

it('has spans within laps, and none of what was before a start', () => {
  const ring = allocateTrace(4);
  const trace = new Trace(ring);
  const began = performance.now();
  trace.start();
  trace.span('decode', began);
  trace.lap('read');
  const [decode, read] = readTrace(ring).spans;
  expect(decode.beganMs).toBeLessThanOrEqual(read.beganMs);
  expect(decode.endedMs).toBeLessThanOrEqual(read.endedMs);
});
