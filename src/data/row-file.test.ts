import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { requireFreeFile, writeAside } from './output-file.js';
import { writeRowFile } from './row-file.js';

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

describe('writeRowFile', () => {
  it.each(['csv', 'jsonl', 'parquet'])(
    'writes what .%s readers read back in every bit',
    async (extension) => {
      const path = join(folder, `rows.${extension}`);
      await writeRowFile(
        path,
        [
          { name: 'text', type: 'VARCHAR', value: (row) => texts[row] },
          { name: 'single "x"', type: 'FLOAT', value: (row) => Math.fround(numbers[row]) },
          { name: 'double', type: 'DOUBLE', value: (row) => numbers[row] },
        ],
        10,
      );
      const columns = `columns = {'text': 'VARCHAR', 'single "x"': 'FLOAT', 'double': 'DOUBLE'}`;
      const source = {
        csv: `read_csv('${path}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', ${columns})`,
        jsonl: `read_json('${path}', format = 'newline_delimited', ${columns})`,
        parquet: `'${path}'`,
      }[extension];
      const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
      const rows = (await connection.runAndReadAll(`SELECT * FROM ${source}`)).getRowsJS();
      connection.closeSync();
      expect(rows).toEqual(texts.map((text, row) => [text, Math.fround(numbers[row]), numbers[row]]));
    },
  );
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
    expect(readdirSync(join(folder, 'sub'))).toEqual([]);
    await writeAside(path, async (temporary) => writeFileSync(temporary, 'whole'));
    expect(readdirSync(join(folder, 'sub'))).toEqual(['out.txt']);
    expect(() => requireFreeFile(path, false)).toThrow(`The output file '${path}' exists.`);
    expect(() => requireFreeFile(path, true)).not.toThrow();
    expect(() => requireFreeFile(folder, true)).toThrow('is a directory');
  });
});
