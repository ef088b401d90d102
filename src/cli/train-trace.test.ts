// `train --trace`: what the file says of every thread, that it changes no bit, and where it may not go.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitrow } from '../../test/command-line.js';
import { prepareToy } from '../../test/toy-dataset.js';

interface Event {
  ph: string;
  tid: number;
  name: string;
  ts: number;
  dur: number;
  args: { name?: string; step?: number; index?: number };
}

const folder = mkdtempSync(join(tmpdir(), 'bitrow-trace-'));
const place = (name: string) => join(folder, name);
const settings = ['--set', 'model.hidden=[16]', '--dim', '4', '--batch-size', '512'];
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 4000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const train = (out: string, ...more: string[]) =>
  bitrow(['train', '--data', data, '--out', place(out), ...settings, ...more]);
const eventsOf = (file: string): Event[] => JSON.parse(readFileSync(place(file), 'utf8')).traceEvents;
async function checksum(run: string): Promise<unknown> {
  return JSON.parse((await bitrow(['inspect', place(run), '--json'])).out).modelChecksum;
}

describe('bitrow train --trace', () => {
  const options = ['--epochs', '1', '--micro-batch', '128', '--threads', '2'];

  it('writes what each thread did, step by step, and changes no bit', async () => {
    expect((await train('traced', ...options, '--trace', place('trace.json'))).code).toBe(0);
    const events = eventsOf('trace.json');
    const names = events.filter(({ ph }) => ph === 'M').map(({ tid, args }) => [tid, args.name]);
    expect(names).toEqual([
      [0, 'main'],
      [1, 'thread 0'],
      [2, 'thread 1'],
    ]);
    const spans = events.filter(({ ph }) => ph === 'X');
    const ofMain = new Set(spans.filter(({ tid }) => tid === 0).map(({ name }) => name));
    const main = ['read', 'plan', 'await the team', 'decode', 'shuffle', 'validation', 'checkpoint'];
    expect([...ofMain].toSorted()).toEqual(main.toSorted());
    // Each micro-batch twice in a step: the two passes of alpt.
    const runs = spans.filter(({ name, args }) => name === 'network' && args.step === 2);
    expect(runs.map(({ args }) => args.index).toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    for (const tid of [1, 2]) {
      const own = spans.filter((span) => span.tid === tid && span.args.step === 2);
      for (const name of ['await a batch', 'gather', 'barrier', 'parameters', 'dense update', 'update']) {
        expect(
          own.some((span) => span.name === name),
          name,
        ).toBe(true);
      }
      // Laps: what ends is where the next begins, to the nanosecond that times are written to.
      for (let i = 1; i < own.length; i++)
        expect(Math.abs(own[i].ts - own[i - 1].ts - own[i - 1].dur)).toBeLessThan(0.003);
    }
    expect((await train('untraced', ...options)).code).toBe(0);
    expect(await checksum('traced')).toBe(await checksum('untraced'));
  });

  it('may change when a run is resumed, and leaves a file that is there alone otherwise', async () => {
    const again = await train('other', ...options, '--trace', place('trace.json'));
    expect(again.code).toBe(1);
    expect(again.err).toBe(
      `There is a file '${place('trace.json')}' already, where the trace is to go.\nhelp: choose another --trace, or replace it with --force\n`,
    );
    expect(existsSync(place('other'))).toBe(false);
    const resumed = await train('traced', '--resume', '--epochs', '2', '--trace', place('trace.json'));
    expect(resumed.code).toBe(0);
    // Steps go on counting.
    expect(Math.min(...eventsOf('trace.json').flatMap(({ args }) => args.step || []))).toBeGreaterThan(6);
  });

  it('is a sentence where it cannot be written, and nothing is left of a training that did not begin', async () => {
    const nowhere = await train('nowhere', ...options, '--trace', place('no/such/folder.json'));
    expect(nowhere.code).toBe(1);
    expect(nowhere.err).toContain(`'${place('no/such/folder.json')}' cannot be written`);
    expect(existsSync(place('nowhere'))).toBe(false);
  });
});
