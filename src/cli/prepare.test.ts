// `bitrow prepare`: as a process where exit codes, streams, Ctrl-C and what is loaded matter, else in this one.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { bitrow as inProcess } from '../../test/command-line.js';
import { criteoLine, lines, testFolder } from '../../test/fixtures/invented-files.js';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const folder = testFolder();
afterAll(() => folder.remove());

function bitrow(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('prepare prints one JSON object, and refuses to do it again', async () => {
  const input = folder.write('train.txt.gz', lines(200, criteoLine));
  const out = folder.path('encoded');
  const args = ['prepare', 'criteo', '--input', input, '--out', out, '--min-count', '2', '--json'];
  const first = await bitrow(...args);
  expect(first).toMatchObject({ code: 0, err: '' });
  const json = JSON.parse(first.out);
  expect(json).toMatchObject({
    out,
    dataset: 'criteo',
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(json.splits.map(({ name }: { name: string }) => name)).toEqual(['train', 'validation', 'test']);
  expect(json.fields).toHaveLength(39);
  expect(json.fields[0].oovShare.train).toBe(0);

  const again = await inProcess(args);
  expect(again.code).toBe(1);
  expect(JSON.parse(again.out)).toEqual({
    error: `The output '${out}' exists.`,
    help: 'choose another --out, or pass --force to replace it',
  });
  const forced = await inProcess([...args.filter((arg) => arg !== '--json'), '--force']);
  expect(forced).toMatchObject({ code: 0, out: expect.stringContaining('table rows in 39 fields') });
});

test('negative sampling is an option, recorded and said', async () => {
  const input = folder.write('sampled.txt', lines(400, criteoLine));
  const args = ['prepare', 'criteo', '--input', input, '--out', folder.path('sampled')];
  expect(await inProcess([...args, '--negative-sampling', '0'])).toMatchObject({
    code: 2,
    err: expect.stringContaining("--negative-sampling is '0', but must be more than 0 and at most 1"),
  });
  const { out } = await inProcess([...args, '--negative-sampling', '0.1', '--json']);
  const { negativeSampling, splits } = JSON.parse(out);
  expect(negativeSampling).toBe(0.1);
  expect(splits[0].rows).toBeLessThan(320);
  // Validation and test stay whole: some 40 rows each.
  expect(splits[1].rows + splits[2].rows).toBeGreaterThan(60);
  const { out: text } = await inProcess(['inspect', folder.path('sampled')]);
  expect(text).toContain("kept 0.1 of training's zeros");
});

test('bad rows and bad usage have their exit codes', async () => {
  const input = folder.write('bad.txt', `${criteoLine(0)}\n2\tx\n`);
  const args = ['prepare', 'criteo', '--input', input, '--out', folder.path('none')];
  expect(await bitrow(...args)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('line 2: found 2, expected 40 columns'),
  });
  expect(await inProcess([...args, '--memory-limit', '5'])).toMatchObject({ code: 2 });
  expect(await inProcess(['prepare', 'criteo'])).toMatchObject({ code: 2 });
});

test('Ctrl-C ends prepare with 130 and leaves nothing behind', async () => {
  const input = folder.write('long/train.txt', lines(60_000, criteoLine));
  const child = spawn(process.execPath, [
    main,
    'prepare',
    'criteo',
    '--input',
    input,
    '--out',
    folder.path('long/out'),
  ]);
  const partial = () => readdirSync(folder.path('long')).some((name) => name.includes('partial'));
  while (!partial() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(code).toBe(130);
  expect(readdirSync(folder.path('long'))).toEqual(['train.txt']);
});

test('a preparation that is killed leaves nothing that looks finished, and the next one clears it away', async () => {
  const input = folder.write('killed/train.txt', lines(60_000, criteoLine));
  const small = folder.write('killed/small.txt', lines(100, criteoLine));
  const place = ['--out', folder.path('killed/out')];
  const child = spawn(process.execPath, [main, 'prepare', 'criteo', '--input', input, ...place]);
  const partial = () => readdirSync(folder.path('killed')).filter((name) => name.includes('partial'));
  while (partial().length === 0 && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGKILL');
  await closed;
  const [left] = partial();
  expect(left).toMatch(/^\.out\.partial-/);
  const opened = await inProcess(['inspect', folder.path('killed/out')]);
  expect(opened).toMatchObject({ code: 1, err: expect.stringContaining('There is nothing at') });
  // One of a process that lives is not touched.
  const mine = String(left).replace(/-\d+-/, `-${process.pid}-`);
  mkdirSync(folder.path(`killed/${mine}`));
  const next = await bitrow('prepare', 'criteo', '--input', small, ...place, '--json');
  expect(next.code).toBe(0);
  expect(next.err).toBe(`Removed '${left}', which a preparation that was killed had left.\n`);
  expect(readdirSync(folder.path('killed')).sort()).toEqual([mine, 'out', 'small.txt', 'train.txt'].sort());
});

test.skipIf(process.platform === 'win32')(
  'a disk that fills up is a sentence, and leaves nothing behind',
  async () => {
    const input = folder.write('full/train.txt', lines(20_000, criteoLine));
    const yaml = folder.write('full/schema.yaml', 'label: y = 1\nfields: [a]\n');
    const csv = folder.write('full/rows.csv', `y,a\n${lines(400_000, (i) => `1,value ${i} ${i * 7919}`)}`);
    const cases = [
      // What does not fit in memory is written beside the output.
      ['prepare', 'criteo', '--input', input, '--memory-limit', '100MB', '--threads', '2'],
      ['prepare', 'csv', '--input', csv, '--schema', yaml],
    ];
    for (const args of cases) {
      // No file may grow beyond 2 MB (ulimit counts blocks of 1 KB): what a full disk is to whoever writes.
      const command = [main, ...args, '--out', folder.path('full/new/out')]
        .map((word) => `'${word}'`)
        .join(' ');
      const { code, err } = await new Promise<{ code: unknown; err: string }>((resolve) => {
        execFile('bash', ['-c', `ulimit -f 2000; '${process.execPath}' ${command}`], (error, _, err) =>
          resolve({ code: error?.code ?? 0, err }),
        );
      });
      expect(err).toContain(`The disk is full: `);
      expect(err).toContain(`while writing '${folder.path('full/new/out')}'`);
      expect(code).toBe(1);
      expect(readdirSync(folder.path('full')).sort()).toEqual(['rows.csv', 'schema.yaml', 'train.txt']);
    }
  },
);

test('a proposed schema is taken as it is', async () => {
  const row = (i: number) =>
    [
      i,
      i % 5 === 0 ? 'yes' : 'no',
      `2024-01-${String(1 + (i % 20)).padStart(2, '0')} 0${i % 7}:30:00`,
      (i * 37) % 2003,
    ]
      .concat([
        i % 3 === 0 ? 'a|b' : `c|${'abcdefg'[i % 7]}`,
        `u${i % 50}`,
        'same',
        i % 2 === 0 ? '' : 'true',
      ])
      .join(',');
  const input = folder.write(
    'own/rows.csv',
    `row id,bought,at,price,tags,user id,constant,no\n${lines(4000, row)}`,
  );
  const { code, out, err } = await inProcess(['prepare', 'csv', '--input', input, '--print-schema']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('label: "bought = \'yes\'"  # 2 values (no, yes); 20.0 % positive');
  expect(out).toMatch(
    /# - \{ name: row_id, column: "row id" \}\s+# 4,000 values, 100 % of them once: a new one in nearly every row/,
  );
  expect(out).toMatch(/- \{ name: at_hour, time: at, format: timestamp, part: hour \}/);
  expect(out).toContain(
    "timeSplit: { column: at, format: timestamp, validation: '2024-01-16', test: '2024-01-18' }",
  );
  expect(out).toMatch(/- \{ name: price, bucket: price \}\s+# 2,003 values/);
  expect(out).toMatch(/- tags\s+# 8 values; lists\? \{ name: tags, split: tags, separator: '\|' \}/);
  expect(out).toMatch(/- \{ name: user_id, column: "user id" \}\s+# 50 values/);
  expect(out).toMatch(/# - constant\s+# 1 value: tells no row from another/);
  expect(out).toMatch(/- "no"\s+# 1 value, 50\.0 % missing/);
  expect(out).toMatch(/^minCount: 1$/m);
  const schema = folder.write('own/schema.yaml', out);
  const args = [
    'prepare',
    'csv',
    '--input',
    input,
    '--schema',
    schema,
    '--out',
    folder.path('own/out'),
    '--json',
  ];
  const made = await inProcess(args);
  expect(made).toMatchObject({ code: 0, err: '' });
  const names = JSON.parse(made.out).fields.map(({ name }: { name: string }) => name);
  expect(names).toEqual(['at_hour', 'at_weekday', 'at_is_weekend', 'price', 'tags', 'user_id', 'no']);
  const timed = await inProcess([...args, '--split', 'time', '--force']);
  expect(JSON.parse(timed.out).splits.map(({ rows }: { rows: number }) => rows)).toEqual([3000, 400, 600]);
});

test('csv and parquet say what they need', async () => {
  const cases: [string[], string][] = [
    [['csv', '--out', 'x'], "The data set 'csv' needs a schema."],
    [['csv'], "The option '--out' is missing."],
    [['criteo', '--out', 'x', '--schema', 'y'], "The data set 'criteo' has a schema of its own"],
    [
      ['criteo', '--print-schema'],
      "The data set 'criteo' has a schema of its own; --print-schema is for csv and parquet.",
    ],
    [['csv', '--print-schema'], "The data set 'csv' needs its input files."],
    [['csv', '--out', 'x', '--schema', 'none.yaml'], "The schema 'none.yaml' cannot be read"],
  ];
  for (const [args, message] of cases) {
    expect(await inProcess(['prepare', ...args])).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
  }
});

test('help loads neither DuckDB nor onnxruntime', async () => {
  const script = `
    import { commands } from ${JSON.stringify(new URL('./commands.js', import.meta.url).href)};
    import { runCommandLine } from ${JSON.stringify(new URL('./program.js', import.meta.url).href)};
    const quiet = { out() {}, err() {} };
    for (const args of [['--help'], ...Object.keys(commands).map((name) => [name, '--help'])]) {
      await runCommandLine(commands, args, quiet, new AbortController().signal);
    }
    console.log(JSON.stringify(process.report.getReport().sharedObjects));`;
  const loaded = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], { maxBuffer: 2 ** 24 }, (error, out) =>
      error ? reject(error) : resolve(out),
    );
  });
  expect(loaded).toContain('libc');
  expect(loaded).not.toMatch(/duckdb|onnxruntime/);
});
