import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { requireFreeFile, writeAside } from './output-file.js';
import { RowFile, type RowFileColumn } from './row-file.js';
import { rowFormatOf, rowFormats } from './row-format.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const texts = [
  'plain',
  'a,b',
  'he said "no"',
  'two\nlines',
  'cr\r',
  ' spaces ',
  'Zoë 機',
  '0012',
  null,
  'end',
];
const numbers = [0, -0.1, Math.fround(0.1), 1e-30, 3.4e38, -1.5e-7, 2, 3, 4, 5];

const columns: RowFileColumn[] = [
  { name: 'text', type: 'VARCHAR' },
  { name: 'single "x"', type: 'FLOAT' },
  { name: 'double', type: 'DOUBLE' },
  { name: 'label', type: 'UTINYINT' },
];
const labels = Uint8Array.from(numbers, (_, row) => row % 2);
const settings = { columns, threads: 1, memoryBytes: 2e8 };

describe('RowFile', () => {
  it.each(rowFormats)('writes what readers of %s read back in every bit, in order', async (format) => {
    const path = join(folder, `rows.${format}`);
    await RowFile.write(path, { ...settings, format }, async (file) => {
      for (const [first, end] of [
        [0, 7],
        [7, 10],
      ]) {
        const singles = Float32Array.from(numbers).subarray(first, end);
        const parts = [
          texts.slice(first, end),
          singles,
          numbers.slice(first, end),
          labels.subarray(first, end),
        ];
        await file.append(parts);
      }
    });
    // Read as DOUBLE, as most programs do: the number of the FLOAT has to come out even so.
    const types = `columns = {'row': 'BIGINT', 'text': 'VARCHAR', 'single "x"': 'DOUBLE', 'double': 'DOUBLE', 'label': 'UTINYINT'}`;
    const source = {
      csv: `read_csv('${path}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', ${types})`,
      jsonl: `read_json('${path}', format = 'newline_delimited', ${types})`,
      parquet: `'${path}'`,
    }[format];
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    const rows = (await connection.runAndReadAll(`SELECT * FROM ${source}`)).getRowsJS();
    connection.closeSync();
    expect(rows).toEqual(
      texts.map((text, row) => [BigInt(row), text, Math.fround(numbers[row]), numbers[row], labels[row]]),
    );
  });

  it('leaves nothing behind when gathering fails, and keeps what was there', async () => {
    const place = join(folder, 'kept');
    mkdirSync(place);
    writeFileSync(join(place, 'a.csv'), 'mine');
    const fail = async (file: RowFile) => {
      await file.append([['a'], [1], [2], [0]]);
      throw new Error('stopped');
    };
    for (const name of ['a.csv', 'new/deep/b.csv']) {
      const written = RowFile.write(join(place, name), { ...settings, format: 'csv' }, fail);
      await expect(written).rejects.toThrow('stopped');
    }
    expect(readdirSync(place)).toEqual(['a.csv']);
    expect(readFileSync(join(place, 'a.csv'), 'utf8')).toBe('mine');
  });
});

it('the format is that of the extension, and none for another', () => {
  expect(['a.csv', 'b/c.JSONL', 'd.x.parquet'].map(rowFormatOf)).toEqual(rowFormats);
  for (const path of ['a', 'a.txt', '.csv', 'csv']) {
    expect(() => rowFormatOf(path)).toThrow(
      `The file '${path}' has no extension that says its format (known: .csv, `,
    );
  }
});

describe('an output file', () => {
  it('appears whole or not at all', async () => {
    const path = join(folder, 'sub/out.txt');
    await expect(
      writeAside(path, async (temporary) => {
        writeFileSync(temporary, 'half');
        throw new Error('stopped');
      }),
    ).rejects.toThrow('stopped');
    expect(existsSync(join(folder, 'sub'))).toBe(false);
    await writeAside(path, async (temporary) => writeFileSync(temporary, 'whole'));
    expect(readdirSync(join(folder, 'sub'))).toEqual(['out.txt']);
    expect(() => requireFreeFile(path, false)).toThrow(`The output file '${path}' exists.`);
    expect(() => requireFreeFile(path, true)).not.toThrow();
    expect(() => requireFreeFile(folder, true)).toThrow('is a directory');
  });
});
