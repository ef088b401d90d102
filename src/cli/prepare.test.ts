// The program itself, as a process: exit codes, streams, Ctrl-C, and what --help does not load.
import { execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
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

  const again = await bitrow(...args);
  expect(again.code).toBe(1);
  expect(JSON.parse(again.out)).toEqual({
    error: `The output '${out}' exists.`,
    help: 'choose another --out, or pass --force to replace it',
  });
  const forced = await bitrow(...args.filter((arg) => arg !== '--json'), '--force');
  expect(forced).toMatchObject({ code: 0, out: expect.stringContaining('table rows in 39 fields') });
});

test('negative sampling is an option, recorded and said', async () => {
  const input = folder.write('sampled.txt', lines(400, criteoLine));
  const args = ['prepare', 'criteo', '--input', input, '--out', folder.path('sampled')];
  expect(await bitrow(...args, '--negative-sampling', '0')).toMatchObject({
    code: 2,
    err: expect.stringContaining("--negative-sampling is '0', but must be more than 0 and at most 1"),
  });
  const { out } = await bitrow(...args, '--negative-sampling', '0.1', '--json');
  const { negativeSampling, splits } = JSON.parse(out);
  expect(negativeSampling).toBe(0.1);
  expect(splits[0].rows).toBeLessThan(320);
  // Validation and test stay whole: some 40 rows each.
  expect(splits[1].rows + splits[2].rows).toBeGreaterThan(60);
  const { out: text } = await bitrow('inspect', folder.path('sampled'));
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
  expect(await bitrow(...args, '--memory-limit', '5')).toMatchObject({ code: 2 });
  expect(await bitrow('prepare', 'criteo')).toMatchObject({ code: 2 });
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
