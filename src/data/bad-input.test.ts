// Every kind of bad input: the sentence names file, line and column, and nothing is left where the output would be.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { avazuFile, criteoLine, libfmLine, lines, testFolder } from '../../test/fixtures/invented-files.js';
import { UserError } from '../errors.js';
import { prepare } from './prepare.js';

const folder = testFolder();
afterAll(() => folder.remove());

/** A Criteo file of ten lines whose line 4 (i = 3) is changed. */
const criteoWith = (change: (cells: string[]) => string[]) =>
  lines(10, (i) => (i === 3 ? change(criteoLine(i).split('\t')).join('\t') : criteoLine(i)));
const cell = (index: number, value: string) => criteoWith((cells) => cells.with(index, value));
const libfm = (line: string) => lines(10, (i) => (i === 3 ? line : libfmLine(i)));
const avazu = (change: (text: string) => string) => change(avazuFile(10));

const cases: Record<
  string,
  { dataset?: string; name?: string; content: string | Uint8Array; message: RegExp }
> = {
  'a column too few': {
    content: criteoWith((c) => c.slice(1)),
    message: /line 4: found 39, expected 40 columns/,
  },
  'a column too many': {
    content: criteoWith((c) => [...c, 'x']),
    message: /line 4: found 41, expected 40 columns/,
  },
  'a blank line': { content: criteoWith(() => []), message: /line 4: found 0, expected 40 columns/ },
  'a label that is none': {
    content: cell(0, '2'),
    message: /line 4, column 'label': found '2', expected 0 or 1/,
  },
  'a missing label': {
    content: cell(0, ''),
    message: /line 4, column 'label': found nothing, expected 0 or 1/,
  },
  'a number that is none': {
    content: cell(5, '1x'),
    message: /line 4, column 'I5': found '1x', expected a number/,
  },
  'a number too large': {
    content: cell(13, '1e99'),
    message: /line 4, column 'I13': found '1e99', expected a number/,
  },
  'text that is not UTF-8': {
    content: Buffer.concat([Buffer.from(lines(2, criteoLine)), Buffer.from([0x30, 0x09, 0xff, 0x0a])]),
    message: /line 3: this is not UTF-8 text/,
  },
  'mixed line ends': { content: `${criteoLine(0)}\r${criteoLine(1)}\n`, message: /mixes line ends/ },
  'an empty file': { content: '', message: /is empty/ },
  'an empty file, compressed': { name: 'empty.gz', content: '', message: /has no rows/ },
  'a plain file named .gz': {
    name: 'plain.gz',
    content: Buffer.from(lines(5, criteoLine)),
    message: /plain\.gz' is named \.gz but is not compressed/,
  },
  'a column missing in the header': {
    dataset: 'avazu',
    content: avazu((text) => text.replace('device_ip', 'ip')),
    message: /line 1: the header has no column 'device_ip' \(it has: id, click/,
  },
  'a time that is none': {
    dataset: 'avazu',
    content: avazu((text) => text.replace('14102202', '14103302')),
    message: /line 4, column 'hour': found '14103302', expected a time as YYMMDDHH/,
  },
  'a header without rows': {
    dataset: 'avazu',
    content: avazu((t) => `${t.split('\n')[0]}\n`),
    message: /has no rows/,
  },
  'a label of the wrong format': {
    dataset: 'frappe',
    name: 'frappe/train.libfm',
    content: libfm(libfmLine(3).replace(/^1 /, '0 ')),
    message: /train\.libfm', line 4, column 'label': found '0', expected 1 or -1/,
  },
  'a cell without :1': {
    dataset: 'frappe',
    name: 'frappe/train.libfm',
    content: libfm(libfmLine(3).replace('200:1', '200:2')),
    message: /line 4, column 'daytime': found '200:2', expected an id followed by :1/,
  },
};
folder.write('frappe/validation.libfm', lines(10, libfmLine));

async function refusal(dataset: string, input: string[], more = {}): Promise<UserError> {
  const out = folder.path('made/out');
  const error = await prepare({ dataset, input, out, minCount: 1, threads: 1, ...more }).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(existsSync(folder.path('made'))).toBe(false);
  if (!(error instanceof UserError)) throw error ?? new Error('prepare accepted the input');
  return error;
}

for (const [title, { dataset = 'criteo', name = 'input.txt', content, message }] of Object.entries(cases)) {
  test(`${title} is refused`, async () => {
    const file = folder.write(name, content);
    const error = await refusal(dataset, [dataset === 'frappe' ? folder.path('frappe') : file]);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(file);
  });
}

test('a .gz that is cut short is refused, wherever the cut', async () => {
  const whole = readFileSync(folder.write('whole.gz', lines(2000, criteoLine)));
  for (const bytes of [whole.length - 4, whole.length - 8, Math.floor(whole.length / 2)]) {
    const error = await refusal('criteo', [folder.write('cut.gz', whole.subarray(0, bytes))]);
    expect(error.message).toMatch(/cut\.gz' is cut short after line \d+/);
  }
});

test('a .gz with a wrong checksum is refused, and needs no more rows than asked for', async () => {
  const damaged = new Uint8Array(readFileSync(folder.write('whole.gz', lines(2000, criteoLine))));
  damaged.set([damaged[damaged.length - 8] ^ 1], damaged.length - 8);
  const file = folder.write('damaged.gz', damaged);
  expect((await refusal('criteo', [file])).message).toMatch(/damaged\.gz' is damaged/);
  const manifest = await prepare({ dataset: 'criteo', input: [file], out: folder.path('first'), rows: 100 });
  expect(manifest.input).toEqual([{ path: 'damaged.gz', rows: 100 }]);
});

test('the line is counted within its own file', async () => {
  const first = folder.write('first.txt', lines(25, criteoLine));
  const second = folder.write('second.txt', cell(2, 'x'));
  const error = await refusal('criteo', [first, second]);
  expect(error.message).toContain("second.txt', line 4, column 'I2': found 'x'");
});

test('inputs that are not there are named, with what to do', async () => {
  expect((await refusal('criteo', [folder.path('none.txt')])).message).toMatch(/none\.txt' does not exist/);
  expect(await refusal('criteo', [])).toMatchObject({
    exitCode: 2,
    help: expect.stringContaining('--input'),
  });
  expect((await refusal('frappe', [folder.path('none')])).message).toMatch(/takes one folder/);
  expect((await refusal('avazu', [folder.path('.')])).message).toMatch(/is not a file/);
  folder.write('half/train.libfm', lines(5, libfmLine));
  expect((await refusal('frappe', [folder.path('half')])).message).toMatch(/has no validation\.libfm/);
  const text = folder.write('text.parquet', 'PAR1 this is none');
  expect((await refusal('flights', [text])).message).toMatch(/text\.parquet' is no Parquet file/);
});

test('bad options are bad usage', async () => {
  const file = folder.write('good.txt', lines(30, criteoLine));
  for (const [more, message] of [
    [{ minCount: 0 }, /minCount is 0, but must be a whole number from 1 up/],
    [{ seed: 1.5 }, /seed is 1.5/],
    [{ split: 'time' }, /has no split 'time' \(it has: random, modulus\)/],
  ] as const) {
    expect(await refusal('criteo', [file], more)).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  }
  expect((await refusal('criteos', [file])).message).toBe(
    "Unknown data set 'criteos' (known: criteo, avazu, flights, frappe, movielens, csv, parquet).",
  );
});

test('a stop leaves nothing behind and rejects with its reason', async () => {
  const file = folder.write('long.txt', lines(3000, criteoLine));
  const reason = new Error('stopped by the test');
  for (const stage of ['read', 'count', 'encode', 'write']) {
    const controller = new AbortController();
    const running = prepare({
      dataset: 'criteo',
      input: [file],
      out: folder.path('stopped'),
      signal: controller.signal,
      onProgress: (progress) => progress.stage === stage && controller.abort(reason),
    });
    await expect(running, stage).rejects.toBe(reason);
    expect(readdirSync(folder.path('.')).filter((name) => name.includes('stopped'))).toEqual([]);
  }
});
