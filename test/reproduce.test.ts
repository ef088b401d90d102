// `bitrow reproduce` from the command line: its files, its sentences, and that finished cells are not trained again.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bitrow } from './command-line.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-reproduce-'));
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 3000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const small = [
  '--epochs',
  '1',
  '--batch-size',
  '500',
  '--set',
  'model.hidden=[8]',
  '--threads',
  '1',
  '--jobs',
  '1',
];

it('figure3 needs no data, and writes its page and figures', async () => {
  const out = join(folder, 'figure3');
  const { code, out: text } = await bitrow(['reproduce', 'figure3', '--out', out]);
  expect(code).toBe(0);
  expect(text).toContain('The printed learning rate η = 1 cannot give the printed picture');
  expect(text).toContain('SR stays below the bound of theorem 1 at every T looked at');
  expect(readdirSync(join(out, 'figures')).sort()).toEqual([
    'figure3-constant.svg',
    'figure3-erased.svg',
    'figure3-literal.svg',
    'theorems.svg',
  ]);
  const html = readFileSync(join(out, 'figure3.html'), 'utf8');
  expect(html.match(/<svg/g)).toHaveLength(4);
  expect(readFileSync(join(out, 'figure3.md'), 'utf8')).toContain('(figures/theorems.svg)');
});

it('table1 trains, writes its page, and trains nothing twice', async () => {
  const out = join(folder, 'paper');
  const argv = [
    'reproduce',
    'table1',
    '--data',
    data,
    '--out',
    out,
    '--rows',
    'FP,LPT(SR),ALPT(SR)',
    ...small,
  ];
  const first = await bitrow([...argv, '--seeds', '1', '--json']);
  expect(first).toMatchObject({ code: 0, err: '' });
  const record = JSON.parse(first.out);
  expect(record.table.rows.map(({ name }: { name: string }) => name)).toEqual(['FP', 'LPT(SR)', 'ALPT(SR)']);
  expect(record.differences).toContain('The data set is toy (the paper: Criteo and Avazu).');
  expect(record.differences).toContain('1 seed (the paper: each experiment at least five times).');
  expect(record.html).toBe(join(out, 'table1.html'));
  expect(existsSync(record.markdown)).toBe(true);

  const cells = join(out, 'comparison', 'cells');
  const before = times(cells);
  expect(Object.keys(before)).toHaveLength(3);
  const more = await bitrow([...argv, '--seeds', '2']);
  expect(more.code).toBe(0);
  expect(more.out).toContain('ALPT loses nothing');
  expect(times(cells)).toMatchObject(before);
  expect(Object.keys(times(cells))).toHaveLength(6);
});

it('posttraining trains each width, quantizes in every way asked for, and does nothing twice', async () => {
  const out = join(folder, 'posttraining');
  const argv = ['reproduce', 'posttraining', '--data', data, '--out', out, '--dims', '4,6', ...small];
  const ways = ['--quantizers', 'minmax:8,minmax:2,hist-approx:4:fp32'];
  const first = await bitrow([...argv, ...ways, '--seeds', '1', '--json']);
  expect(first).toMatchObject({ code: 0, err: '' });
  const { widths, split, sampleRows } = JSON.parse(first.out);
  expect([split, sampleRows]).toEqual(['test', 1000]);
  expect(widths.map(({ dim }: { dim: number }) => dim)).toEqual([4, 6]);
  for (const { dim, runs } of widths) {
    const [{ rows, fp32, ways }] = runs;
    expect(fp32.bytes).toBe(4 * dim * rows);
    expect(ways.map(({ name }: { name: string }) => name)).toEqual([
      'minmax:8:fp32',
      'minmax:2:fp16',
      'hist-approx:4:fp32',
    ]);
    const [eight, two] = ways;
    expect([eight.bytes, two.bytes]).toEqual([rows * (dim + 8), rows * (Math.ceil(dim / 4) + 4)]);
    expect(eight.errors.meanError).toBeLessThan(two.errors.meanError);
    const loss = ({ scores }: typeof eight) => Math.abs(scores.logloss - fp32.scores.logloss);
    expect(loss(eight)).toBeLessThan(loss(two));
  }
  expect(readdirSync(join(out, 'figures'))).toEqual(['posttraining-errors.svg', 'posttraining-sizes.svg']);

  const before = files(out);
  const more = await bitrow([...argv, ...ways, '--seeds', '1', '--json']);
  expect(JSON.parse(more.out).widths).toEqual(widths);
  expect(files(out)).toEqual(before);
  // What an end in the middle leaves undone is done, to the same numbers.
  const [some] = Object.keys(before).filter((name) => name.endsWith('minmax-2-fp16.json'));
  rmSync(some);
  const again = await bitrow([...argv, ...ways, '--seeds', '1', '--json']);
  const timeless = (text: string) => text.replace(/"seconds":[\d.]+/g, '');
  expect(timeless(JSON.stringify(JSON.parse(again.out).widths))).toBe(timeless(JSON.stringify(widths)));
  expect(Object.keys(files(out))).toEqual(Object.keys(before));
}, 60_000);

it('posttraining says what of its options there is not', async () => {
  const failure = async (...more: string[]) => {
    const argv = ['reproduce', 'posttraining', '--data', data, '--out', join(folder, 'nothing'), ...more];
    const { code, err } = await bitrow(argv);
    return [code, err.trim()];
  };
  expect(await failure('--dims', '8,8')).toEqual([2, 'The option --dims has 8 twice.']);
  expect(await failure('--dim', '8')).toEqual([2, expect.stringContaining('pass --dims')]);
  expect(await failure('--quantizers', 'minmax:3')).toEqual([
    2,
    "'minmax:3' is no way to quantize (allowed: minmax:8, minmax:4, minmax:2, each with :fp32 or :fp16).",
  ]);
  expect(await failure('--clips', '1')).toEqual([2, expect.stringContaining('does not read --clips')]);
});

it('table3 leaves out the half it has no data for, and refuses data that are none for it', async () => {
  const out = join(folder, 'table3');
  const argv = [
    'reproduce',
    'table3',
    '--data',
    data,
    '--out',
    out,
    '--rows',
    'FP',
    '--seeds',
    '1',
    ...small,
  ];
  const { code, out: text } = await bitrow(argv);
  expect(code).toBe(0);
  expect(text.replaceAll('\n', ' ')).toMatch(/bitrow prepare toy … --min-count 1 --out DIR` and pass/);
  const same = await bitrow([...argv, '--data-threshold', data]);
  expect(same.code).toBe(2);
  expect(same.err).toContain('have the threshold 2, which must be below that of --data, 2.');
});

it('says what exists, what is missing and what cannot be', async () => {
  const out = join(folder, 'nothing');
  const failure = async (...argv: string[]) => {
    const { code, err } = await bitrow(['reproduce', ...argv, '--out', out]);
    return [code, err.trim()];
  };
  expect(await failure('table9')).toEqual([
    2,
    "Unknown table or figure 'table9' (known: table1, table2, table3, figure3, figure4, posttraining).",
  ]);
  expect(await failure('table1')).toEqual([
    2,
    'To reproduce table1, models are trained: the option --data is missing.\nhelp: pass --data DIR, made by `bitrow prepare`',
  ]);
  expect(await failure('table2', '--data', data, '--rows', 'FP')).toEqual([
    2,
    "Unknown row of table2 'FP' (known: PACT, LSQ, LPT(SR), ALPT(SR)).",
  ]);
  expect(await failure('figure4', '--data', data, '--rows', 'FP')).toEqual([
    2,
    'figure4 has no rows to choose from.\nhelp: leave --rows out',
  ]);
  expect(await failure('table1', '--data', data, '--set', 'method.bits=4')).toEqual([
    2,
    'Methods, bits and rounding are those of the table, not for --set here.',
  ]);
  expect(await failure('table1', '--data', data, '--clips', '1,none')).toEqual([
    2,
    "The option --clips is '1,none', but must be numbers above 0, such as 1,0.1.",
  ]);
  expect(existsSync(out)).toBe(false);
});

it('does not replace what it has not made', async () => {
  const { code, err } = await bitrow(['reproduce', 'figure3', '--out', data]);
  expect([code, err]).toEqual([1, expect.stringContaining('holds something else; it is never replaced.')]);
});

it('stopped, it says how to go on', async () => {
  const stop = new AbortController();
  stop.abort();
  const argv = [
    'reproduce',
    'table1',
    '--data',
    data,
    '--out',
    join(folder, 'stopped'),
    '--rows',
    'FP',
    ...small,
  ];
  const { code, err } = await bitrow(argv, stop.signal);
  expect([code, err]).toEqual([130, expect.stringContaining('To go on, give the same command again.')]);
});

/** When each cell was written. */
function times(cells: string): Record<string, number> {
  return Object.fromEntries(
    readdirSync(cells).map((name) => [name, statSync(join(cells, name, 'cell.json')).mtimeMs]),
  );
}

/** When each result of quantizing was written. */
function files(out: string): Record<string, number> {
  const cells = join(out, 'posttraining', 'cells');
  return Object.fromEntries(
    readdirSync(cells)
      .flatMap((cell) =>
        readdirSync(join(cells, cell, 'quantized')).map((name) => join(cells, cell, 'quantized', name)),
      )
      .map((file) => [file, statSync(file).mtimeMs]),
  );
}
