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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitrow } from '../../test/command-line.js';
import { startProgram } from '../../test/program.js';
import { prepareToy } from '../../test/toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-compare-cli-'));
const place = (name: string) => join(folder, name);
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const small = ['--set', 'model.hidden=[8]', '--dim', '4', '--batch-size', '256', '--threads', '1'];
const compare = (out: string, ...more: string[]) =>
  bitrow(['compare', '--data', data, '--out', place(out), ...small, ...more]);

describe('bitrow compare', () => {
  it('prints a line for each variant, with its difference to the first', async () => {
    const argv = ['--methods', 'alpt:4,full', '--seeds', '2', '--epochs', '1'];
    const { code, out } = await compare('bits', ...argv);
    expect(code).toBe(0);
    const [head, full, alpt] = out.split('\n');
    expect(head).toMatch(
      /^test, 2 seeds +AUC +− full \[90 %\] +logloss +epochs × time +samples\/s +table +\+ optimizer/,
    );
    expect(full).toMatch(
      /^full +0\.\d{4,5} ± 0\.\d{4,5} +0\.\d{4,5} ± [\d.]+ +1 × \d+ s +[\d,]+ +1\.0× +1\.0× +1\.0×$/,
    );
    expect(alpt).toMatch(/^alpt:4 +0\.\d{4,5} ± 0\.\d{4,5} +[−+]0\.\d{5} \[[−+]0\.\d{5}, [−+]0\.\d{5}\] /);
    expect(out).toContain(`Comparison: ${place('bits')}/comparison.json`);
    const { command } = JSON.parse(readFileSync(join(place('bits'), 'comparison.json'), 'utf8'));
    expect(command).toBe(
      `bitrow compare --data ${data} --out ${place('bits')} --methods alpt:4,full --dim 4 --epochs 1 --batch-size 256 --set 'model.hidden=[8]' --seeds 2 --threads 1`,
    );
  });

  it('of a grid ranks the points by validation, and trains only what is new', async () => {
    const grid = place('grid.yaml');
    writeFileSync(grid, 'optimizer: { learningRate: [1e-3, 0.02] }\n');
    const argv = ['--methods', 'full', '--seeds', '2', '--epochs', '1', '--grid', grid];
    const { code, out, err } = await compare('bits', ...argv, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { comparison, summary, ranking } = JSON.parse(out);
    // The first point is the default: its cells are there.
    expect(readdirSync(join(place('bits'), 'cells'))).toHaveLength(6);
    const names = ['full optimizer.learningRate=0.001', 'full optimizer.learningRate=0.02'];
    expect(comparison.variants.map(({ name }: { name: string }) => name)).toEqual(names);
    expect(summary).toHaveLength(2);
    const means = ranking.map(({ auc }: { auc: { mean: number } }) => auc.mean);
    expect(means).toEqual([...means].sort((a, b) => b - a));
    expect(ranking.map(({ name }: { name: string }) => name).sort()).toEqual(names);
    const again = await compare('bits', ...argv);
    expect(again.out).toMatch(/^1\. +full optimizer.learningRate=0\.02? /m);
  });

  it('a cell that failed is told, exit code 1, and is tried again', async () => {
    const argv = ['--methods', 'full', '--seeds', '1', '--epochs', '1'];
    mkdirSync(place('empty'), { recursive: true });
    await compare('empty', ...argv);
    const [key] = readdirSync(join(place('empty'), 'cells'));
    mkdirSync(join(place('failing'), 'cells', key, 'run'), { recursive: true });
    writeFileSync(join(place('failing'), 'cells', key, 'run', 'notes.txt'), '');
    const { code, out } = await compare('failing', ...argv);
    expect(code).toBe(1);
    expect(out).toMatch(/^full, seed 1 failed: The output '.*' exists and holds something else/m);
    expect(out).toMatch(/^What failed is tried again by the same command\.$/m);
    rmSync(join(place('failing'), 'cells', key, 'run'), { recursive: true });
    expect((await compare('failing', ...argv)).code).toBe(0);
  });

  it('Ctrl-C ends it with 130, says what is kept, and the same command goes on', async () => {
    const argv = [
      ...['compare', '--data', data, '--out', place('stopped'), ...small],
      ...['--methods', 'full', '--seeds', '1', '--epochs', '300', '--set', 'training.patience=300'],
    ];
    const program = startProgram(argv);
    const run = () => {
      const cells = join(place('stopped'), 'cells');
      const [key] = existsSync(cells) ? readdirSync(cells) : [];
      return key !== undefined && existsSync(join(cells, key, 'run', 'metrics.jsonl'));
    };
    while (!run()) await new Promise((resolve) => setTimeout(resolve, 50));
    program.kill('SIGINT');
    const { code, err } = await program.ended;
    expect(code).toBe(130);
    expect(err).toMatch(
      /Stopped; 0 of 1 cells have finished and are kept in '.*', those in work left a checkpoint. To go on, give the same command again\.\n$/,
    );
    const second = startProgram(argv);
    const goesOn = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!existsSync(join(place('stopped'), 'lock'))) return;
        clearInterval(look);
        resolve();
      }, 20);
    });
    await goesOn;
    // Meanwhile nobody else can.
    const { code: refused, err: why } = await bitrow(argv);
    expect({ refused, why }).toEqual({
      refused: 1,
      why: expect.stringMatching(
        /^The comparison '.*' is being made by process \d+ on host .*\nhelp: wait for it, or stop it/,
      ),
    });
    second.kill('SIGTERM');
    expect((await second.ended).code).toBe(130);
  });
});

it.each([
  [[], /^There is nothing to compare: neither --methods nor --variants is given\.\nhelp: pass --methods/],
  [['--methods', 'full,alp:8'], /^Unknown method 'alp' \(known: full, lpt, alpt/],
  [['--methods', 'full:8'], /^The method 'full' has no width to choose/],
  [['--methods', 'full,full'], /^The variant 'full' is there twice/],
  [['--methods', 'full', '--set', 'method.bits=4'], /^Methods, bits and rounding are not for --set here/],
  [
    ['--methods', 'full', '--set', 'training.seed=4'],
    /^The seed is not for --set here.\nhelp: pass --seeds N/,
  ],
  [['--methods', 'full', '--set', 'lpt.clip=0.2'], /^None of the methods \(full\) reads lpt.clip/],
  [['--methods', 'full', '--set', 'model.dims=2'], /^Unknown option 'model.dims'/],
  [['--methods', 'full', '--seeds', '0'], /^The option --seeds is '0', but must be a whole number from 1 up/],
  [['--methods', 'full', '--jobs', '0'], /^The option --jobs is '0'/],
  [['--methods', 'full', '--jobs', '2'], /^There are to be 2 jobs, but there may be 1 to 1/],
  [['--methods', 'full', '--split', 'tset'], /^Unknown split 'tset' \(known: train, validation, test\)/],
  [['--methods', 'full', '--grid', '/nowhere.yaml'], /^The grid '\/nowhere.yaml' cannot be read/],
  [['--methods', 'full', '--model', 'dnc'], /^Unknown model 'dnc'/],
  [['--methods', 'full', '--bits', '8'], /^Unknown option '--bits'/],
])('%j is bad usage', async (argv, message) => {
  const { code, err, out } = await compare('bad', ...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
  expect(existsSync(place('bad'))).toBe(false);
});

it('a failure with --json is one object', async () => {
  const argv = ['compare', '--data', place('nowhere'), '--out', place('bad'), '--methods', 'full', '--json'];
  const { code, out } = await bitrow(argv);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    error: expect.stringMatching(/holds no encoded data set/),
    help: expect.any(String),
  });
});
