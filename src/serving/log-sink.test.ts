import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogSink } from './log-sink.js';

const soon = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('the lines of a log', () => {
  it('are all there, in order, also those of the last moment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bitrow-log-'));
    const fd = openSync(join(folder, 'log'), 'w');
    const sink = new LogSink(fd);
    const lines = Array.from({ length: 500 }, (_, i) => `${i} ü\n`);
    for (const line of lines.slice(0, 400)) sink.write(line);
    await soon();
    for (const line of lines.slice(400)) sink.write(line);
    await soon();
    sink.write('last\n');
    sink.flush();
    await soon();
    closeSync(fd);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(`${lines.join('')}last\n`);
    expect(sink.lost).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it.skipIf(process.platform !== 'linux')(
    'are counted where they cannot be written, and nothing waits',
    async () => {
      const fd = openSync('/dev/full', 'w');
      const sink = new LogSink(fd);
      for (let i = 0; i < 10; i++) {
        sink.write('line\n');
        await soon();
      }
      sink.write('line\n');
      sink.flush();
      await soon();
      expect(sink.lost).toBe(11);
      closeSync(fd);
    },
  );

  it('that nobody reads are lost beyond a megabyte', () => {
    const sink = new LogSink(2);
    // Nothing is written before this turn of the event loop is over.
    Object.assign(sink, { isWriting: true });
    for (let i = 0; i < 20; i++) sink.write('x'.repeat(2 ** 17));
    expect(sink.lost).toBe(12);
  });
});
