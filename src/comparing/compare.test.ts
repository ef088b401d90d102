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
import { prepareToy } from '../../test/toy-dataset.js';
import { loadDataset } from '../data/encoded-dataset.js';
import type { Cell, Comparison } from '../reports/comparison.js';
import { RunLock } from '../runs/lock.js';
import { type PartialConfig, resolveConfig } from '../runs/resolve-config.js';
import { cellKey } from './cell-key.js';
import { type CompareOptions, compare } from './compare.js';
import { comparisonHead } from './comparison-record.js';
import type { CompareEvent } from './events.js';
import { parseMethodName } from './method-name.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-compare-'));
const place = (name: string) => join(folder, name);
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const small = {
  model: { dim: 4, hidden: [8] },
  optimizer: { learningRate: 0.02 },
  dense: { learningRate: null },
  training: { epochs: 2, batchSize: 256 },
};
const config = (method: string, more: PartialConfig = {}) =>
  resolveConfig(small, { method: parseMethodName(method).section }, more);
const variant = (name: string, more?: PartialConfig) => ({ name, config: config(name, more) });

/** Runs a comparison and keeps what it says. */
async function run(options: Pick<CompareOptions, 'out' | 'variants'> & Partial<CompareOptions>) {
  const events: CompareEvent[] = [];
  const { onProgress, ...rest } = options;
  const comparison = await compare({
    data,
    seeds: [1, 2],
    threads: 1,
    command: 'test',
    ...rest,
    onProgress(event) {
      events.push(event);
      onProgress?.(event);
    },
  });
  const trained = events.flatMap((event) =>
    event.kind === 'training-start' ? `${event.label} ${event.seed}` : [],
  );
  const start = events.find((event) => event.kind === 'start');
  return { comparison, events, trained, start };
}

/** What does not depend on speed. */
function results({ variants }: Comparison) {
  return Object.fromEntries(
    variants.map(({ name, cells }) => [
      name,
      cells.map(({ seed, status, bestEpoch, validation, test, deciles, epochs }) => {
        const curve = epochs.map(({ epoch, trainLoss, validation: judged }) => ({
          epoch,
          trainLoss,
          judged,
        }));
        return { seed, status, bestEpoch, validation, test, deciles, curve };
      }),
    ]),
  );
}

const metrics = { auc: expect.any(Number), logloss: expect.any(Number) };

describe('a comparison', () => {
  const out = place('first');
  let first: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    first = await run({ out, variants: [variant('alpt:4'), variant('full')], threads: 2, jobs: 2 });
  });

  it('trains every variant with every seed, the reference first', () => {
    expect([...first.trained].sort()).toEqual(['alpt:4 1', 'alpt:4 2', 'full 1', 'full 2']);
    expect(first.start).toMatchObject({
      cells: 4,
      finished: 0,
      trainings: 4,
      jobs: 2,
      threads: 1,
      seconds: null,
    });
    const { variants, seeds } = first.comparison;
    expect(variants.map(({ name }) => name)).toEqual(['full', 'alpt:4']);
    expect(variants.map(({ cells }) => cells.map(({ seed }) => seed))).toEqual([seeds, seeds]);
  });

  it('keeps all that its report is made from', () => {
    const { data: compared, variants, format } = first.comparison;
    expect({ format, compared }).toMatchObject({
      format: 'bitrow-comparison-1',
      compared: { dataset: 'toy', fields: 3, rows: { train: 1600, validation: 200, test: 200 } },
    });
    const [full, alpt] = variants;
    expect(full).toMatchObject({ method: 'full', bits: null, rounding: null, derivedFrom: null });
    expect(alpt).toMatchObject({ method: 'alpt', bits: 4, rounding: 'stochastic' });
    expect(full.config).not.toHaveProperty('alpt');
    expect(full.config.training).not.toHaveProperty('seed');
    const cell: Cell = {
      seed: 1,
      status: 'finished',
      error: null,
      bestEpoch: expect.any(Number),
      validation: metrics,
      test: metrics,
      epochs: [1, 2].map((epoch) => ({
        epoch,
        trainLoss: expect.any(Number),
        lossCurve: expect.any(Array),
        validation: metrics,
        trainSeconds: expect.any(Number),
        validationSeconds: expect.any(Number),
        samplesPerSecond: expect.any(Number),
        table: null,
      })),
      samplesPerSecond: expect.any(Number),
      seconds: expect.any(Number),
      peakRss: expect.any(Number),
      deciles: Array.from({ length: 10 }, () => ({ ...metrics, rows: 20 })),
    };
    expect(full.cells[0]).toEqual(cell);
    expect(alpt.cells[0].epochs[0].table).toMatchObject({ saturated: expect.any(Number) });
    expect(full.cells[0].validation).not.toEqual(full.cells[1].validation);
    expect(full.cells[0].validation).not.toEqual(full.cells[0].test);
  });

  it('says a command that trains a variant as it was trained', () => {
    expect(first.comparison.variants[1].command).toBe(
      `bitrow train --data ${data} --out RUN --method alpt --bits 4 --rounding stochastic --seed 1 --set model.dim=4 --set 'model.hidden=[8]' --set optimizer.learningRate=0.02 --set dense.learningRate=null --set training.epochs=2 --set training.batchSize=256`,
    );
  });

  it('says in it what of rows has no place among methods and bits', async () => {
    const { manifest } = await loadDataset(data);
    const method = { stepType: 'fp16', hotBits: 8 };
    const variants = [variant('alpt:4', { method }), variant('full', { method })];
    const head = comparisonHead({ data, variants, seeds: [1], split: null, command: 'test', manifest });
    const [alpt, full] = head.variants.map(({ command }) => command);
    expect(alpt).toMatch(/ --set 'method.stepType="fp16"' --set method.hotBits=8$/);
    expect(full).not.toMatch(/method\./);
  });

  it('stands in comparison.json, and leaves no weights', () => {
    expect(JSON.parse(readFileSync(join(out, 'comparison.json'), 'utf8'))).toMatchObject({
      variants: first.comparison.variants,
    });
    const folders = readdirSync(join(out, 'cells'));
    expect(folders).toHaveLength(4);
    for (const name of folders) {
      expect(readdirSync(join(out, 'cells', name)).sort()).toEqual(['cell.json', 'run']);
      expect(readdirSync(join(out, 'cells', name, 'run')).sort()).toEqual([
        'config.yaml',
        'metrics.jsonl',
        'run.json',
      ]);
    }
    expect(existsSync(join(out, 'lock'))).toBe(false);
  });

  it('never trains a finished cell again, in whatever call', async () => {
    const again = await run({ out, variants: [variant('full'), variant('alpt:4')] });
    expect(again.trained).toEqual([]);
    expect(again.start).toMatchObject({ finished: 4, trainings: 0, seconds: expect.any(Number) });
    expect(again.comparison.variants).toEqual(first.comparison.variants);

    // Another name, another method, another seed: one cell is new.
    const other = { name: 'four bits', config: config('alpt:4') };
    const more = await run({
      out,
      variants: [other, variant('lpt:8')],
      seeds: [2],
      split: 'train',
      keepRuns: true,
    });
    expect(more.trained).toEqual(['lpt:8 2']);
    expect(more.comparison.variants.map(({ name }) => name)).toEqual(['four bits', 'lpt:8']);
    // Scored on another split: no number of one may stand for the other.
    expect(more.comparison.split).toBe('train');
    const [, scoredOnTest] = first.comparison.variants[1].cells;
    expect(more.comparison.variants[0].cells).toEqual([{ ...scoredOnTest, test: null }]);
    expect(more.comparison.variants[1].cells[0]).toMatchObject({ test: metrics, validation: metrics });
    expect(more.events).toContainEqual({
      kind: 'warning',
      message:
        '1 finished cell was scored on test beside validation, not on train: it has no number of train here.',
    });
    const { fingerprint } = (await loadDataset(data)).manifest;
    const key = cellKey(config('lpt:8', { training: { seed: 2 } }), fingerprint);
    expect(existsSync(join(out, 'cells', key, 'run', 'best.safetensors'))).toBe(true);
  });

  it('leaves weights that an earlier call kept, and makes models of them without training', async () => {
    const out = place('kept');
    const asked = (name: string) => ({ name, config: config(name) });
    await run({ out, variants: [asked('full')], seeds: [1], keepRuns: true });
    const { fingerprint } = (await loadDataset(data)).manifest;
    const full = join(out, 'cells', cellKey(config('full', { training: { seed: 1 } }), fingerprint), 'run');
    const weights = readdirSync(full).sort();
    expect(weights).toContain('best.safetensors');
    const { comparison } = await run({
      out,
      variants: [asked('full'), asked('round:2'), asked('round:8'), asked('magnitude')],
      seeds: [1],
    });
    expect(comparison.variants.map(({ cells }) => cells.map(({ status }) => status))).toEqual(
      Array.from({ length: 4 }, () => ['finished']),
    );
    expect(readdirSync(full).sort()).toEqual(weights);
    const [exact, two, eight] = comparison.variants.map(({ cells }) => cells[0].test?.logloss);
    expect(eight).toBeCloseTo(exact ?? Number.NaN, 3);
    expect(two).not.toBe(eight);
  });

  it('has the same numbers one after the other', async () => {
    const alone = await run({
      out: place('alone'),
      variants: [variant('full'), variant('alpt:4')],
      seeds: [1],
    });
    expect(alone.start).toMatchObject({ jobs: 1, threads: 1 });
    const both = results(first.comparison);
    expect(results(alone.comparison)).toEqual({ full: [both.full[0]], 'alpt:4': [both['alpt:4'][0]] });
  });

  it('is held by one process', async () => {
    const lock = await RunLock.take(out);
    try {
      await expect(run({ out, variants: [variant('full')] })).rejects.toThrow(
        new RegExp(`^The comparison '${out}' is being made by process ${process.pid} on host`),
      );
    } finally {
      await lock.release();
    }
  });

  it('refuses another data set by its fingerprint, and other rows by their split', async () => {
    mkdirSync(place('other'));
    const other = await prepareToy(place('other'), { rows: 1500 });
    const ours = (await loadDataset(data)).manifest.fingerprint;
    const theirs = (await loadDataset(other)).manifest.fingerprint;
    await expect(run({ out, data: other, variants: [variant('full')] })).rejects.toThrow(
      `holds cells of a data set with fingerprint ${ours}, this one has ${theirs}.`,
    );
    const file = join(other, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...manifest, fingerprint: ours }));
    await expect(run({ out, data: other, variants: [variant('full')] })).rejects.toThrow(
      /other rows in split 'train' \(1600 there, 1200 here/,
    );
  });
});

it('a cell that diverges is a result, one that fails is tried again, and the others finish', async () => {
  const out = place('trouble');
  const variants = [
    variant('full'),
    { name: 'wild', config: config('alpt:8', { dense: { learningRate: 1e30 } }) },
    variant('lpt:8'),
  ];
  const { fingerprint } = (await loadDataset(data)).manifest;
  const key = cellKey(config('lpt:8', { training: { seed: 1 } }), fingerprint);
  const inTheWay = join(out, 'cells', key, 'run');
  mkdirSync(inTheWay, { recursive: true });
  writeFileSync(join(inTheWay, 'notes.txt'), '');

  const { comparison, events } = await run({ out, variants, seeds: [1] });
  const [full, wild, lpt] = comparison.variants.map(({ cells }) => cells[0]);
  expect(full.status).toBe('finished');
  expect(wild).toMatchObject({
    status: 'diverged',
    error: expect.stringMatching(/^The loss is NaN at step/),
    validation: null,
  });
  expect(lpt).toMatchObject({
    status: 'failed',
    error: expect.stringContaining(`'${inTheWay}' exists and holds something else`),
  });
  expect(events.filter(({ kind }) => kind === 'cell-end')).toHaveLength(3);

  rmSync(inTheWay, { recursive: true });
  const again = await run({ out, variants, seeds: [1] });
  expect(again.trained).toEqual(['lpt:8 1']);
  expect(again.comparison.variants.map(({ cells }) => cells[0].status)).toEqual([
    'finished',
    'diverged',
    'finished',
  ]);
});

it('stopped, it goes on to the same result', async () => {
  const long = { training: { epochs: 8, batchSize: 64, patience: 8 } };
  const variants = [variant('full', long), variant('alpt:8', long)];
  const out = place('stopped');
  const controller = new AbortController();
  const reason = new Error('enough');
  const stopped = run({
    out,
    variants,
    seeds: [1],
    signal: controller.signal,
    onProgress(event) {
      if (event.kind === 'training' && event.event.kind === 'batch') controller.abort(reason);
    },
  });
  await expect(stopped).rejects.toBe(reason);
  expect(JSON.parse(readFileSync(join(out, 'comparison.json'), 'utf8')).variants[0].cells).toEqual([]);
  expect(existsSync(join(out, 'lock'))).toBe(false);

  const resumed = await run({ out, variants, seeds: [1] });
  expect(resumed.trained).toEqual(['full 1', 'alpt:8 1']);
  expect(resumed.events).toContainEqual({
    kind: 'training',
    label: 'full',
    seed: 1,
    event: { kind: 'resume', epoch: expect.any(Number), step: expect.any(Number), from: null },
  });
  const whole = await run({ out: place('whole'), variants, seeds: [1], threads: 2, jobs: 2 });
  expect(results(resumed.comparison)).toEqual(results(whole.comparison));
});

describe('what makes no comparison is refused', () => {
  it('a place that holds something else', async () => {
    mkdirSync(place('mine'));
    writeFileSync(join(place('mine'), 'notes.txt'), '');
    await expect(run({ out: place('mine'), variants: [variant('full')] })).rejects.toThrow(
      /exists and holds something else \(no cells\/ in it\); it is never replaced/,
    );
    writeFileSync(place('file'), '');
    await expect(run({ out: place('file'), variants: [variant('full')] })).rejects.toThrow(
      /cannot be written: ENOTDIR/,
    );
  });

  it('an unknown split, nothing to compare, no data', async () => {
    const out = place('never');
    const variants = [variant('full')];
    await expect(run({ out, variants, split: 'tset' })).rejects.toThrow(
      /^Unknown split 'tset' \(known: train/,
    );
    await expect(run({ out, variants: [] })).rejects.toThrow(/^There is nothing to compare/);
    await expect(run({ out, variants, data: place('nowhere') })).rejects.toThrow(/holds no encoded data set/);
    await expect(run({ out, variants, jobs: 5 })).rejects.toThrow(/^There are to be 5 jobs/);
    expect(existsSync(join(out, 'cells', 'any'))).toBe(false);
  });
});

describe('the time before any cell has finished', () => {
  it('is estimated from a few batches, and from cells as soon as there are some', async () => {
    const options = {
      out: place('timed'),
      variants: [variant('full'), variant('alpt:4')],
      seeds: [1],
      calibrates: true,
    };
    const first = await run(options);
    expect(first.start).toMatchObject({ secondsFrom: 'batches' });
    expect(first.start?.seconds).toBeGreaterThan(0);
    const again = await run({ ...options, seeds: [1, 2] });
    expect(again.start).toMatchObject({ secondsFrom: 'cells', trainings: 2 });
    expect(results(again.comparison)['alpt:4'][0]).toEqual(results(first.comparison)['alpt:4'][0]);
  });

  it('leaves it to the cell to say that its configuration does not train', async () => {
    const broken = config('full', { optimizer: { learningRate: 1e30 } });
    const { start, comparison } = await run({
      out: place('timed-broken'),
      variants: [{ name: 'broken', config: broken }],
      seeds: [1],
      calibrates: true,
    });
    expect(start?.seconds).toBeNull();
    expect(comparison.variants[0].cells[0].status).toBe('diverged');
  });
});
