// `predict`: raw files of each format through a run; the logits are those of `evaluate`, bit for bit.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate, open, predictFiles, prepare, resolveConfig, train } from '../src/index.js';
import { bitrow } from './command-line.js';
import { criteoLine, libfmLine } from './fixtures/invented-files.js';
import { storedRows } from './stored-rows.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-predict-'));
const place = (name: string) => join(folder, name);
const config = resolveConfig({ model: { dim: 4, hidden: [16] }, training: { epochs: 1, batchSize: 256 } });
const run = place('run');
const csv = place('rows.csv');
let logits: Float32Array;

beforeAll(async () => {
  const data = await prepareToy(folder, { rows: 5000 });
  await train({ data, out: run, config, threads: 1 });
  ({ logits } = await evaluate({ run, data, split: 'test', threads: 1 }));
  rmSync(data, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The rows of a file of predictions, as DuckDB reads them. */
async function read(file: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`SELECT * FROM '${file}'`);
  connection.closeSync();
  instance.closeSync();
  return result.getRowObjectsJS();
}

function sameAsEvaluate(rows: Record<string, unknown>[]) {
  const stored = storedRows(rows.length, (row) => row % 10 === 9);
  expect(stored.map((row) => Math.fround(Number(rows[row].logit)))).toEqual([...logits]);
}

describe('predict', () => {
  it('gives the logits of evaluate in every format, in the order of the input', async () => {
    for (const [name, format] of [
      ['a.parquet', 'parquet'],
      ['a.csv', 'csv'],
      ['a.jsonl', 'jsonl'],
    ]) {
      const result = await predictFiles({ run, input: [csv], out: place(name), batchRows: 300, threads: 2 });
      expect(result).toMatchObject({ format, rows: 5000, epoch: 1, oov: { user: 0, item: 0, hour: 0 } });
      const rows = await read(place(name));
      expect(Object.keys(rows[0])).toEqual(['row', 'probability', 'logit']);
      expect(rows.map(({ row }) => Number(row))).toEqual(rows.map((_, i) => i));
      sameAsEvaluate(rows);
      const { probability, logit } = rows[17];
      expect(Math.fround(Number(probability))).toBe(Math.fround(1 / (1 + Math.exp(-Number(logit)))));
    }
  });

  it('reads compressed files, several files, and files without the label, and keeps columns', async () => {
    const [header, ...lines] = readFileSync(csv, 'utf8').trim().split('\n');
    const without = [header, ...lines].map((line) => line.split(',').slice(1).join(',')).join('\n');
    writeFileSync(place('1.csv'), `${[header, ...lines.slice(0, 1777)].join('\n')}\n`);
    writeFileSync(place('2.csv.gz'), gzipSync(`${[header, ...lines.slice(1777)].join('\n')}\n`));
    writeFileSync(place('3.csv'), without);
    await predictFiles({
      run,
      input: [place('1.csv'), place('2.csv.gz')],
      out: place('b.csv'),
      keep: ['user'],
    });
    const rows = await read(place('b.csv'));
    sameAsEvaluate(rows);
    expect(rows.map(({ user }) => user)).toEqual(lines.map((line) => line.split(',')[1]));
    await predictFiles({ run, input: [place('3.csv')], out: place('c.parquet') });
    sameAsEvaluate(await read(place('c.parquet')));
  });

  it('says what is wrong as prepare does, and leaves nothing behind', async () => {
    const out = place('new/deep/bad.csv');
    const attempt = (text: string, options = {}) => {
      writeFileSync(place('bad.csv'), text);
      return predictFiles({ run, input: [place('bad.csv')], out, ...options });
    };
    await expect(attempt('user,item,hour\nu1,i1,1\nu1,i1\n')).rejects.toThrow(
      `File '${place('bad.csv')}', line 3: found 2, expected 3 columns.`,
    );
    await expect(attempt('user,item\nu1,i1\n')).rejects.toThrow("line 1: the header has no column 'hour'");
    await expect(attempt('user,item,hour\n')).rejects.toThrow('has no rows');
    await expect(attempt('user,item,hour\nu,i,1\n', { keep: ['logit'] })).rejects.toThrow(
      "'logit' cannot be kept",
    );
    await expect(predictFiles({ run, input: [], out })).rejects.toThrow('no input files');
    await expect(predictFiles({ run, input: [csv], out: place('new/a.txt') })).rejects.toThrow(
      'no extension that says its format (known: .csv, .jsonl, .parquet)',
    );
    await expect(predictFiles({ run, input: [place('none')], out })).rejects.toThrow('does not exist');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(attempt('user,item,hour\nu,i,1\n', { signal })).rejects.toThrow('enough');
    expect(existsSync(place('new'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('predict of the data sets known by name', () => {
  it('reads criteo with and without labels, and names a bad number by its line', async () => {
    const lines = Array.from({ length: 1500 }, (_, i) => criteoLine(i));
    writeFileSync(place('train.txt'), `${lines.join('\n')}\n`);
    writeFileSync(
      place('test.txt'),
      `${lines.map((line) => line.slice(line.indexOf('\t') + 1)).join('\n')}\n`,
    );
    const data = place('criteo');
    await prepare({
      dataset: 'criteo',
      input: [place('train.txt')],
      out: data,
      split: 'modulus',
      threads: 1,
    });
    await train({ data, out: place('criteo-run'), config, threads: 1 });
    const expected = await evaluate({ run: place('criteo-run'), data, split: 'test', threads: 1 });
    for (const input of ['train.txt', 'test.txt']) {
      const out = place(`${input}.parquet`);
      await predictFiles({ run: place('criteo-run'), input: [place(input)], out, threads: 1 });
      const rows = await read(out);
      const stored = storedRows(1500, (row) => row % 10 === 9);
      expect(stored.map((row) => rows[row].logit)).toEqual([...expected.logits]);
    }
    const cells = lines[0].split('\t');
    cells[3] = 'x';
    writeFileSync(place('train.txt'), `${lines[1]}\n${cells.join('\t')}\n`);
    await expect(
      predictFiles({ run: place('criteo-run'), input: [place('train.txt')], out: place('x.csv') }),
    ).rejects.toThrow(
      `File '${place('train.txt')}', line 2, column 'I3': found 'x', expected a number or nothing.`,
    );
  });

  it('reads libFM', async () => {
    const lines = Array.from({ length: 600 }, (_, i) => libfmLine(i));
    for (const split of ['train', 'validation'])
      writeFileSync(place(`${split}.libfm`), `${lines.join('\n')}\n`);
    const data = place('frappe');
    await prepare({ dataset: 'frappe', input: [folder], out: data, split: 'modulus', threads: 1 });
    await train({ data, out: place('frappe-run'), config, threads: 1 });
    const expected = await evaluate({ run: place('frappe-run'), data, split: 'test', threads: 1 });
    writeFileSync(
      place('test.libfm'),
      `${lines.map((line) => line.slice(line.indexOf(' ') + 1)).join('\n')}\n`,
    );
    const out = place('libfm.csv');
    await predictFiles({
      run: place('frappe-run'),
      input: [place('train.libfm'), place('test.libfm')],
      out,
      threads: 1,
    });
    const rows = await read(out);
    expect(rows.slice(600).map(({ logit }) => logit)).toEqual(rows.slice(0, 600).map(({ logit }) => logit));
    // The data are both files: row 600 is row 0 of validation.
    const stored = storedRows(1200, (row) => row % 10 === 9);
    expect(stored.map((row) => Math.fround(Number(rows[row].logit)))).toEqual([...expected.logits]);
  });

  it('agrees with rows in memory', async () => {
    const model = await open(run);
    const { logits: found } = await model.predict([{ user: 'u3', item: 'i4', hour: 5 }]);
    await model.close();
    writeFileSync(place('one.csv'), 'user,item,hour\nu3,i4,5\n');
    await predictFiles({ run, input: [place('one.csv')], out: place('one.parquet') });
    expect((await read(place('one.parquet')))[0].logit).toBe(found[0]);
  });
});

describe('bitrow predict', () => {
  it('prints what it did, refuses an output that exists, and replaces it with --force', async () => {
    const argv = [
      'predict',
      run,
      '--input',
      csv,
      '--out',
      place('cli.out'),
      '--format',
      'csv',
      '--threads',
      '1',
    ];
    const { code, out } = await bitrow([...argv, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      run,
      format: 'csv',
      rows: 5000,
      rowsPerSecond: expect.any(Number),
      oovShare: { user: 0, item: 0, hour: 0 },
    });
    const again = await bitrow(argv);
    expect({ code: again.code, err: again.err }).toEqual({
      code: 1,
      err: expect.stringMatching(/exists\.\nhelp: .*--force/),
    });
    const forced = await bitrow([...argv, '--force']);
    expect(forced.out).toMatch(/best model \(epoch 1\) → .* \(csv\)\n.*OOV.*\n {2}user +0\.00 %/);
    expect((await bitrow(['predict', run, '--out', 'x'])).code).toBe(2);
    expect((await bitrow([...argv, '--format', 'xml'])).code).toBe(2);
  });
});
