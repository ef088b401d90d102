// CSV, TSV and Parquet files of one's own: what people's files look like gives the same rows, and what is broken in
// them a sentence with its place. Bad rows that are tolerated are left out, and no other row moves.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { avazuFile, criteoLine, lines, testFolder } from '../../test/fixtures/invented-files.js';
import { UserError } from '../errors.js';
import { type Database, openDatabase } from './database.js';
import type { Manifest } from './manifest.js';
import { type PrepareOptions, prepare } from './prepare.js';

const folder = testFolder();
let database: Database;
beforeAll(async () => {
  folder.write('database/x', '');
  database = await openDatabase({ directory: folder.path('database'), threads: 1, memoryBytes: 5e8 });
});
afterAll(() => {
  database.close();
  folder.remove();
});

const schema = (more = '') =>
  folder.write(
    `schema${more.length}.yaml`,
    `label: y = 1\nfields: [id, city, { name: size, bucket: size }]\n${more}`,
  );
const cell = (i: number) => [String(i % 2), `id${i}`, ['Rom', 'Ulm', 'Köln'][i % 3], String((i * 7) % 40)];
const table = (rows: number, row = (i: number) => cell(i).join(',')) => `y,id,city,size\n${lines(rows, row)}`;

let outs = 0;
async function encode(
  content: string | Uint8Array | string[],
  more: Partial<PrepareOptions> & { name?: string } = {},
) {
  const { name = 'rows.csv', ...options } = more;
  const input = Array.isArray(content) ? content : [folder.write(name, content)];
  const out = folder.path(`out${outs++}`);
  const given = { dataset: 'csv', schema: schema(), split: 'modulus' as const, threads: 1, ...options };
  return { out, manifest: await prepare({ input, out, ...given }) };
}
/** What an encoded data set holds, by value: split, label, and the texts of all fields. */
async function decoded({ out, manifest }: { out: string; manifest: Manifest }): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for (const { file, name } of manifest.splits) {
    const texts = manifest.fields.map((f) => `"v ${f.name}".value AS "text ${f.name}"`);
    const joins = manifest.fields.map(
      (f) =>
        `LEFT JOIN read_parquet('${out}/vocabularies/${f.vocabulary}.parquet') AS "v ${f.name}"
         ON "v ${f.name}".id = rows."${f.name}" AND rows."${f.name}" > 0`,
    );
    const found = await database.query(
      `SELECT rows.label, ${texts.join(', ')} FROM (SELECT *, file_row_number AS n FROM read_parquet('${join(out, file)}', file_row_number = true)) AS rows
       ${joins.join(' ')} ORDER BY n`,
    );
    for (const row of found) rows.push([name, ...Object.values(row)]);
  }
  return rows;
}
async function refusal(run: Promise<unknown>): Promise<UserError> {
  const error = await run.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof UserError)) throw error ?? new Error('prepare accepted the input');
  expect(existsSync(folder.path(`out${outs - 1}`))).toBe(false);
  expect(readdirSync(folder.path('.')).filter((name) => name.includes('partial'))).toEqual([]);
  return error;
}

describe('files as people have them', () => {
  const shapes: Record<string, { content: string | Uint8Array; name?: string; schema?: string }> = {
    'CR LF': { content: table(40).replaceAll('\n', '\r\n') },
    'a byte order mark': { content: `\ufeff${table(40)}` },
    'a byte order mark, compressed, CR LF': {
      name: 'r.csv.gz',
      content: `\ufeff${table(40)}`.replaceAll('\n', '\r\n'),
    },
    'every value quoted': { content: table(40).replace(/[^,\n]+/g, '"$&"') },
    'no line feed at the end': { content: table(40).trimEnd() },
    'blank lines at the end': { content: `${table(40)}\n\r\n\n` },
    'columns in another order, and more of them': {
      content: `size,more,city,y,id\n${lines(40, (i) => [cell(i)[3], '"a\nb, c"', cell(i)[2], cell(i)[0], cell(i)[1]].join(','))}`,
    },
    'tabs, by the name': { name: 'r.tsv', content: table(40).replaceAll(',', '\t') },
    'semicolons, by the first line': { content: table(40).replaceAll(',', ';') },
    'a separator that is stated': { content: table(40).replaceAll(',', '~'), schema: "separator: '~'\n" },
    'no header': {
      content: table(40).split('\n').slice(1).join('\n'),
      schema: 'header: false\ncolumns: [y, id, city, size]\n',
    },
    'two members in one .gz': {
      name: 'r.csv.gz',
      content: Buffer.concat([gzipSync(table(40).slice(0, 100)), gzipSync(table(40).slice(100))]),
    },
  };
  test.each(Object.keys(shapes))('%s', async (name) => {
    const plain = await encode(table(40));
    const { content, schema: more, ...options } = shapes[name] ?? { content: '' };
    const shaped = await encode(content, { ...options, ...(more ? { schema: schema(more) } : {}) });
    expect(shaped.manifest.splits).toEqual(plain.manifest.splits);
    expect(shaped.manifest.fingerprint).toBe(plain.manifest.fingerprint);
    expect((await decoded(plain)).length).toBe(40);
  });

  test('a value is what stands between its quotes, line breaks, separators and quotes included', async () => {
    const city = ['a\nb', 'x,y', 'say "no"', 'c\r\nd', '\x1b\x02n', '', '\ttab '];
    const rows = lines(28, (i) => `${i % 2},id${i},"${city[i % 7]?.replaceAll('"', '""')}",${i}`);
    const found = await decoded(await encode(`y,id,city,size\n${rows}`, { minCount: 1, vocabulary: 'all' }));
    expect(new Set(found.map(([, , , text]) => text))).toEqual(new Set(city.map((text) => text || null)));
    for (const [, , id, text] of found) expect(text).toBe(city[Number(String(id).slice(2)) % 7] || null);
  });

  test('whole numbers past 2^53 stay what they are as ids', async () => {
    const ids = ['9007199254740993', '9007199254740992', '18446744073709551616', '007'];
    const csv = await encode(
      table(20, (i) => `1,${ids[i % 4]},x,1`),
      { vocabulary: 'all' },
    );
    expect(new Set((await decoded(csv)).map(([, , id]) => id))).toEqual(new Set(ids));
    const file = folder.path('big.parquet');
    await database.run(
      `COPY (SELECT 1 AS y, 9007199254740993 + i % 2 AS id, 'x' AS city, 1.5 AS size FROM range(20) t(i)) TO '${file}' (FORMAT parquet)`,
    );
    const parquet = await encode([file], { dataset: 'parquet', vocabulary: 'all' });
    expect(new Set((await decoded(parquet)).map(([, , id]) => id))).toEqual(
      new Set(['9007199254740993', '9007199254740994']),
    );
  });

  test('Parquet gives what CSV gives', async () => {
    const csv = await encode(table(40));
    const file = folder.path('same.parquet');
    await database.run(
      `COPY (SELECT city, y, CAST(size AS INTEGER) AS size, id FROM read_csv('${folder.path('rows.csv')}', all_varchar = true)) TO '${file}' (FORMAT parquet)`,
    );
    const parquet = await encode([file], { dataset: 'parquet' });
    expect(parquet.manifest.splits).toEqual(csv.manifest.splits);
  });

  test('a pattern stands for its files, sorted, each with a header of its own', async () => {
    const [header, ...rows] = table(30).trimEnd().split('\n');
    const part = (from: number, to: number) => `${[header, ...rows.slice(from, to)].join('\n')}\n`;
    folder.write('logs/2024-10.csv', part(20, 30));
    folder.write('logs/2024-02.csv.gz', part(10, 20));
    folder.write('logs/2024-01.csv', part(0, 10).replace('y,id,city,size', 'y,id,city,size'));
    folder.write('logs/2023.csv', part(0, 10));
    const parts = await encode([folder.path('logs/2024-*.csv*')]);
    const whole = await encode(table(30));
    expect(parts.manifest.splits).toEqual(whole.manifest.splits);
    expect(parts.manifest.input.map(({ path }) => path)).toEqual([
      '2024-01.csv',
      '2024-02.csv.gz',
      '2024-10.csv',
    ]);
    expect((await refusal(encode([folder.path('logs/2025-*')]))).message).toMatch(
      /No file matches '.*2025-\*'/,
    );
  });

  test('rows stand in the order of the file, with any number of threads, over many pieces', async () => {
    // About 20 MB: more than one piece, each of many blocks that are read at once; a third of the rows is quoted.
    const long = 'x'.repeat(80);
    const row = (i: number) => (i % 3 === 0 ? `1,${i},"${long}\n""${i}""",1` : `0,${i},${long},1`);
    const file = folder.write('long.csv', table(200_000, row));
    const yaml = folder.write('long.yaml', 'label: y = 1\nfields: [id]\n');
    const one = await encode([file], { schema: yaml, minCount: 1, vocabulary: 'all', threads: 1 });
    const four = await encode([file], { schema: yaml, minCount: 1, vocabulary: 'all', threads: 4 });
    expect(four.manifest).toEqual(one.manifest);
    const [wrong] = await database.query(`SELECT count(*) AS n, count(*) FILTER (
        (CAST(value AS BIGINT) % 10 < 8) IS DISTINCT FROM (split = 'train') OR (CAST(value AS BIGINT) % 3 = 0) <> (label = 1)) AS wrong
      FROM (SELECT 'train' AS split, * FROM '${one.out}/train.parquet' UNION ALL
            SELECT 'validation', * FROM '${one.out}/validation.parquet' UNION ALL SELECT 'test', * FROM '${one.out}/test.parquet') AS rows
      JOIN '${one.out}/vocabularies/id.parquet' AS v ON v.id = rows.id`);
    expect([Number(wrong?.n), Number(wrong?.wrong)]).toEqual([200_000, 0]);
    rmSync(file);
  });
});

const bad = (line: string | Buffer, at = 3) => {
  const all = table(20).trimEnd().split('\n');
  return Buffer.concat([
    Buffer.from(`${all.slice(0, at).join('\n')}\n`),
    Buffer.from(line),
    Buffer.from(`\n${all.slice(at + 1).join('\n')}\n`),
  ]);
};

describe('broken rows', () => {
  const cases: Record<string, [content: Buffer, message: string]> = {
    'too few values': [bad('1,a,b'), 'line 4: found 3, expected 4 columns.'],
    'too many values': [bad('1,a,b,2,9'), 'line 4: found 5, expected 4 columns.'],
    'a blank line': [bad(''), 'line 4: found 0, expected 4 columns.'],
    'a text that is not UTF-8': [bad(Buffer.from('1,a,Köln,2', 'latin1')), 'line 4: this is not UTF-8 text.'],
    'a quote within a value': [
      bad('1,a,5" tube,2'),
      'line 4: a quote stands inside a value, or text after its closing quote.',
    ],
    'a quote that is never closed': [
      bad('1,a,"b,2'),
      'line 4: a quote is opened and not closed (within 1 MiB).',
    ],
    'a number that is none': [
      bad('1,a,b,1.2.3'),
      "line 4, column 'size': found '1.2.3', expected a number or nothing.",
    ],
    'a number past 2^53': [
      bad('1,a,b,9007199254740994'),
      "line 4, column 'size': found '9007199254740994', expected a number or nothing.",
    ],
    'no label': [bad(',a,b,2'), "line 4, column 'y': found nothing, expected a number."],
    'a header again, as of files put together': [
      bad('y,id,city,size'),
      "line 4, column 'y': found 'y', expected a number.",
    ],
  };
  test.each(Object.keys(cases))('%s: a sentence with its place, or left out', async (name) => {
    const [content, message] = cases[name] ?? [Buffer.alloc(0), ''];
    const error = await refusal(encode(content));
    expect(error.message).toBe(`File '${folder.path('rows.csv')}', ${message}`);
    expect(error.help).toContain('--skip-bad-rows');
    const { manifest, ...rest } = await encode(content, { skipBadRows: 1, minCount: 1, vocabulary: 'all' });
    expect(manifest.skipped).toEqual({ rows: 1, first: `File 'rows.csv', ${message}` });
    expect(manifest.input).toEqual([{ path: 'rows.csv', rows: 20 }]);
    // All others stay where they were.
    const whole = await decoded(await encode(table(20), { minCount: 1, vocabulary: 'all' }));
    const others = await decoded({ manifest, ...rest });
    expect(others).toEqual(whole.filter(([, , id]) => id !== 'id2'));
  });

  test('the line is that of the file, behind values with line breaks too', async () => {
    const text = `y,id,city,size\n1,a,"b\nc",1\n\n0,"d\r\n\r\n",e,1\n1,f,g,x\n`;
    const error = await refusal(encode(text, { skipBadRows: 1 }));
    expect(error.message).toMatch(
      /^More than 1 bad rows\. The first: File '.*', line 4: found 0, expected 4 columns\.$/,
    );
    const next = await refusal(encode(text.replace('\n\n0', '\n0')));
    expect(next.message).toMatch(/line 7, column 'size': found 'x'/);
  });

  test('bad rows are counted over all files, and one too many is refused', async () => {
    const one = folder.write('one.csv', bad('1,a'));
    const two = folder.write('two.csv', Buffer.concat([bad('"'), Buffer.from('x,x,x,1\n')]));
    const { manifest } = await encode([one, two], { skipBadRows: 3 });
    expect(manifest.skipped).toEqual({
      rows: 3,
      first: "File 'one.csv', line 4: found 2, expected 4 columns.",
    });
    expect(manifest.splits.reduce((sum, { rows }) => sum + rows, 0)).toBe(38);
    const error = await refusal(encode([one, two], { skipBadRows: 2 }));
    expect(error.message).toMatch(/^More than 2 bad rows\. The first: File '.*one\.csv', line 4/);
  });

  test('bad rows of the data sets with a name are left out too, text that is none included', async () => {
    const good = lines(40, criteoLine);
    const broken = Buffer.concat([
      Buffer.from(lines(5, criteoLine)),
      Buffer.from([0x31, 0xff, 10]),
      Buffer.from('1\t2\n'),
    ]);
    const file = folder.write('criteo.txt', Buffer.concat([Buffer.from(good), broken]));
    const options = { dataset: 'criteo', schema: undefined, minCount: 1 };
    const { manifest } = await encode([file], { ...options, skipBadRows: 2 });
    expect(manifest.skipped).toEqual({
      rows: 2,
      first: "File 'criteo.txt', line 46: this is not UTF-8 text.",
    });
    const whole = await encode([folder.write('whole.txt', good + lines(5, criteoLine))], options);
    expect(manifest.splits).toEqual(whole.manifest.splits);
    const avazu = folder.write('avazu.csv', avazuFile(20).replace('\n3,', '\n3,3,'));
    const skipping = await encode([avazu], { ...options, dataset: 'avazu', skipBadRows: 9 });
    expect(skipping.manifest.skipped).toEqual({
      rows: 1,
      first: "File 'avazu.csv', line 5: found 25, expected 24 columns.",
    });
  });
});

describe('broken files', () => {
  const cases: Record<string, [content: string | Uint8Array, message: string, name?: string]> = {
    'a column missing': [
      table(9).replace('city', 'town'),
      ", line 1: the header has no column 'city' (it has: y, id, town, size).",
    ],
    'a column twice': [
      table(9).replace('city,size', 'city,city'),
      ", line 1: the header has the column 'city' twice (columns 3 and 4).",
    ],
    'carriage returns alone': [
      table(9).replaceAll('\n', '\r'),
      ' ends its lines with carriage returns alone.',
    ],
    'a header alone': ['y,id,city,size\n', "The input file '", 'rows.csv'],
    'UTF-16': [Buffer.from(`\ufeff${table(9)}`, 'utf16le'), ', line 1: this is not UTF-8 text.'],
    'a .gz cut short': [gzipSync(table(3000)).subarray(0, 3000), ' is cut short after line ', 'cut.csv.gz'],
    'a .gz that is none': [table(9), ' is named .gz but is not compressed by gzip.', 'none.csv.gz'],
  };
  test.each(Object.keys(cases))('%s', async (title) => {
    const [content, message, name = 'rows.csv'] = cases[title] ?? ['', ''];
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const error = await refusal(encode(bytes, { name, skipBadRows: 5 }));
    expect(error.message).toContain(message);
    expect(error.message).toContain(name);
  });

  test('Parquet files that lack a column, hold lists, or are none', async () => {
    const file = folder.path('odd.parquet');
    const make = (columns: string) =>
      database.run(`COPY (SELECT ${columns} FROM range(5)) TO '${file}' (FORMAT parquet)`);
    await make("1 AS y, 'a' AS id, 2 AS size");
    const missing = await refusal(encode([file], { dataset: 'parquet' }));
    expect(missing.message).toBe(`File '${file}': it has no column 'city' (it has: y, id, size).`);
    await make("1 AS y, 'a' AS id, [1, 2] AS city, 2 AS size");
    const list = await refusal(encode([file], { dataset: 'parquet' }));
    expect(list.message).toBe(
      `File '${file}': the column 'city' holds INTEGER[], expected one value per row.`,
    );
    const none = await refusal(encode('PAR1 no', { dataset: 'parquet', name: 'no.parquet' }));
    expect(none.message).toMatch(/is no Parquet file that can be read/);
  });

  test('a split may be empty; one by time needs a time in every row', async () => {
    const { manifest } = await encode(table(5));
    expect(manifest.splits.map(({ rows }) => rows)).toEqual([5, 0, 0]);
    const yaml = folder.write(
      'time.yaml',
      "label: y = 1\nfields: [id]\nsplit: time\ntimeSplit: { column: t, format: unix-seconds, validation: '2024-01-02', test: '2024-01-03' }\n",
    );
    const seconds = (i: number) => 1_704_067_200 + i * 43_200;
    const rows = `y,id,t\n${lines(6, (i) => `1,a,${seconds(i)}`)}`;
    const timed = await encode(rows, { schema: yaml, split: undefined });
    expect(timed.manifest.splits.map(({ rows }) => rows)).toEqual([2, 2, 2]);
    const error = await refusal(encode(`${rows}1,a,\n`, { schema: yaml, split: undefined }));
    expect(error.message).toMatch(
      /line 8, column 't': found nothing, expected a time, which the split needs\.$/,
    );
  });
});

test('a field may have any name that prepare uses itself, and no other row or value changes', async () => {
  const names = [
    'split',
    'stored',
    'row',
    'rows',
    'fault',
    'id',
    'ids',
    'value',
    'count',
    'k0',
    't0',
    'v0',
    'lines',
    'cells',
  ];
  const header = ['y', 'a', ...names].join(',');
  const content = `${header}\n${lines(300, (i) => [i % 2, `a${i % 50}`, ...names.map((_, n) => `x${(i * (n + 3)) % 41}`)].join(','))}`;
  const yaml = (name: string, fields: string[]) =>
    folder.write(`${name}.yaml`, `label: y = 1\nminCount: 1\nfields: [${fields.join(', ')}]\n`);
  const plain = names.map((name, n) => `{ name: plain${n}, column: ${name} }`);
  const [own, others] = [
    await encode(content, { schema: yaml('own', ['a', ...names]) }),
    await encode(content, { schema: yaml('others', ['a', ...plain]) }),
  ];
  expect(await decoded(own)).toEqual(await decoded(others));
  await expect(
    encode(content, { schema: yaml('label', ['a', '{ name: Label, column: y }']) }),
  ).rejects.toThrow("'label' is the label's column");
});
