// Commands whose memory has no room: a table of billions of rows in this machine, small ones where little is said to be
// free. Nothing of it is allocated, and nothing is left behind.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compare } from '../src/comparing/compare.js';
import { resolveConfig } from '../src/runs/resolve-config.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { open } from '../src/scoring/open.js';
import { predictFiles } from '../src/scoring/predict-files.js';
import { bitrow } from './command-line.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-limits-'));
const place = (name: string) => join(folder, name);
const small = ['--set', 'model.hidden=[16]', '--dim', '4', '--batch-size', '512', '--threads', '1'];
let data: string;
/** As if its first vocabulary had four billion values: only the manifest says so. */
let huge: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2000 });
  huge = place('huge');
  const { code } = await bitrow(['train', '--data', data, '--out', place('run'), '--epochs', '1', ...small]);
  expect(code).toBe(0);
  const manifest = JSON.parse(readFileSync(join(data, 'manifest.json'), 'utf8'));
  manifest.vocabularies[0].size = 4e9;
  mkdirSync(huge);
  writeFileSync(join(huge, 'manifest.json'), JSON.stringify(manifest));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('train refuses a table that no memory holds, in words and as JSON', async () => {
  const argv = ['train', '--data', huge, '--out', place('none'), '--method', 'full'];
  const before = process.memoryUsage.rss();
  const { code, out } = await bitrow([...argv, '--json']);
  const { error, help } = JSON.parse(out);
  expect(code).toBe(1);
  expect(error).toMatch(
    /^Training needs 769 GB of memory and [\d.]+ GB are free: table 256 GB, step 0 bytes/,
  );
  expect(help).toMatch(/fit.*; to go on all the same, pass --ignore-limits$/);
  expect((await bitrow(argv)).err).toMatch(
    /^Training needs 769 GB of memory .*\nhelp: .*--ignore-limits\n$/s,
  );
  expect(existsSync(place('none'))).toBe(false);
  expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
});

it('train --dry-run says what it would need, beside fp32 with Adam, and trains nothing', async () => {
  const argv = ['train', '--data', data, '--out', place('dry'), '--dry-run', ...small];
  const { code, out } = await bitrow(argv);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^Memory to allocate\n {2}table +\d.*\n {2}step .*\n {2}optimizer .*\n {2}buffers .*\n {2}total /,
  );
  expect(out).toMatch(/^with optimizer [\d.]+ \w+: (1\/\d+\.\d|\d+\.\d×) of fp32 with fp32 Adam/m);
  expect(out).toMatch(/^Disk: up to .* checkpoints of .* and the best model of /m);
  expect(out).toMatch(/rows fit\. Nothing was trained\.$/m);
  const json = JSON.parse((await bitrow([...argv, '--json'])).out);
  const { memory } = JSON.parse(readFileSync(place('run/run.json'), 'utf8')).result;
  expect(json.needs.memory).toEqual(memory.predicted);
  expect(json.problem).toBeNull();
  const none = await bitrow(['train', '--data', huge, '--out', place('dry'), '--dry-run']);
  expect(none.code).toBe(0);
  expect(none.out).toMatch(/^It does not fit\. Training needs .*\nhelp: /m);
  expect(existsSync(place('dry'))).toBe(false);
});

it('evaluate, predict and open refuse a model that has no room', async () => {
  const run = place('run');
  const message =
    /^The model '.*' needs \d+ MB of memory and 50\.0 MB are free: table .*, batches .*, and about \d+ MB for Node\.js and onnxruntime\.$/;
  const memory = 50e6;
  await expect(evaluate({ run, data, threads: 1, memory })).rejects.toThrow(message);
  await expect(open(run, { memory })).rejects.toThrow(message);
  await expect(
    predictFiles({ run, input: [place('none.csv')], out: place('none.csv'), threads: 1, memory }),
  ).rejects.toThrow(message);
  const model = await open(run, { memory, ignoreLimits: true });
  await model.close();
});

it('compare refuses cells that have no room, one or several at a time', async () => {
  const config = (name: string) =>
    resolveConfig({ model: { hidden: [16] }, training: { batchSize: 512, epochs: 1 }, method: { name } });
  const variants = ['full', 'alpt'].map((name) => ({ name, config: config(name) }));
  const make = (options: object) =>
    compare({ data, out: place('comparison'), variants, seeds: [1, 2], threads: 2, command: '', ...options });
  await expect(make({ jobs: 2, room: { memory: 0.4e9 } })).rejects.toMatchObject({
    message: expect.stringMatching(
      /^2 cells at a time of the comparison may need \d+ MB of memory and 400 MB are free/,
    ),
    help: expect.stringMatching(/^--jobs 1 fits \(\d+ MB\); to go on all the same, pass --ignore-limits$/),
  });
  await expect(make({ jobs: 1, room: { memory: 0.1e9 } })).rejects.toMatchObject({
    message: expect.stringMatching(
      /^A cell of the comparison may need .*; the largest is full with \d+ MB\.$/,
    ),
    help: expect.stringMatching(/^leave it out; /),
  });
  await expect(make({ keepRuns: true, room: { disk: 1e5 } })).rejects.toMatchObject({
    message: expect.stringMatching(/^The cells may need .* on the disk and 100 kB are free\.$/),
    help: expect.stringMatching(/^leave --keep-runs out; /),
  });
});
