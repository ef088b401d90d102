// A run that was stopped and resumed ends as the one that never was: every tensor of the best and the last model,
// optimizer state included, early stopping, and the metrics but for times.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfigFile } from '../src/runs/config-file.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import type { EpochRecord } from '../src/training/epochs.js';
import type { TrainEvent } from '../src/training/events.js';
import { type TrainOptions, train } from '../src/training/train.js';
import { type RunContents, runContents } from './run-contents.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-resume-'));
let data: string;
let whole: RunContents;
let wholeRun: string;

/** 6 batches an epoch; validation is best after the fifth of them, so that early stopping has a say. */
const settings: PartialConfig = {
  model: { dim: 5, hidden: [24, 12], dropout: 0.3, batchNorm: true },
  optimizer: { learningRate: 0.05 },
  dense: { learningRate: null },
  alpt: { stepLearningRate: 1e-5 },
  training: { epochs: 9, patience: 2, batchSize: 400, microBatch: 64 },
};
const config = resolveConfig(settings);

let runs = 0;
const newRun = () => join(folder, `run-${runs++}`);

/** Stops when an event says so, as Ctrl-C does. */
async function trainUntil(
  out: string,
  isTime: (event: TrainEvent) => boolean,
  more: Partial<TrainOptions> = {},
): Promise<TrainEvent[]> {
  const controller = new AbortController();
  const events: TrainEvent[] = [];
  const onProgress = (event: TrainEvent) => {
    events.push(event);
    if (isTime(event)) controller.abort(new Error('stopped by the test'));
  };
  const running = train({ data, out, config, threads: 1, ...more, onProgress, signal: controller.signal });
  await expect(running).rejects.toThrow('stopped by the test');
  return events;
}

async function resume(out: string, more: Partial<TrainOptions> = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  await train({ data, out, config, threads: 1, resume: true, onProgress: (e) => events.push(e), ...more });
  return events;
}

const warnings = (events: TrainEvent[]) => events.flatMap((e) => (e.kind === 'warning' ? [e.message] : []));
/** A minute passes with every batch. */
const everyBatches = (n: number) => {
  let minutes = 0;
  return { checkpointMinutes: n, clock: () => minutes++ * 60_000 };
};

beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2800 });
  wholeRun = newRun();
  await train({ data, out: wholeRun, config, threads: 1 });
  whole = await runContents(wholeRun);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('the run to compare with stops early, its best epoch neither the first nor the last', () => {
  expect(whole.state).toBe('finished');
  expect(whole.metrics.length).toBeLessThan(9);
  const { bestEpoch } = whole.result as { bestEpoch: number };
  expect(bestEpoch).toBeGreaterThan(1);
  expect(bestEpoch).toBe(whole.metrics.length - 2);
  const epochs = whole.metrics as Pick<EpochRecord, 'lossCurve' | 'table'>[];
  for (const { lossCurve } of epochs) expect(lossCurve.length).toBe(6);
  // Every 16th step is looked at, and an epoch has six.
  expect(epochs.some(({ table }) => table?.erased === null)).toBe(true);
  expect(epochs.some(({ table }) => table?.erased)).toBe(true);
});

describe('a run that was stopped', () => {
  it.each([1, 3, 6, 7, 12, 13, 20])('after %i batches ends as if it never had been', async (batches) => {
    const out = newRun();
    let seen = 0;
    const events = await trainUntil(out, ({ kind }) => kind === 'batch' && ++seen === batches);
    expect(events.at(-1)).toMatchObject({ kind: 'checkpoint' });
    const resumed = await resume(out, { threads: 2 });
    expect(resumed[1]).toMatchObject({ kind: 'resume', from: null });
    expect(await runContents(out)).toEqual(whole);
  });

  it('again and again, with checkpoints after every few batches, too', async () => {
    const out = newRun();
    let seen = 0;
    await trainUntil(out, ({ kind }) => kind === 'batch' && ++seen === 4, everyBatches(1));
    for (const more of [5, 9, 8]) {
      seen = 0;
      await trainUntil(out, ({ kind }) => kind === 'batch' && ++seen === more, {
        resume: true,
        ...everyBatches(3),
      });
    }
    await resume(out, everyBatches(2));
    expect(await runContents(out)).toEqual(whole);
  });
});

describe('checkpoints', () => {
  it('change no bit, whenever they are taken', async () => {
    const out = newRun();
    let checkpoints = 0;
    const onProgress = ({ kind }: TrainEvent) => {
      if (kind === 'checkpoint') checkpoints++;
    };
    const result = await train({ data, out, config, threads: 2, onProgress, ...everyBatches(1) });
    expect(checkpoints).toBeGreaterThan(3 * whole.metrics.length);
    expect(result.checkpoints.count).toBe(checkpoints);
    expect(await runContents(out)).toEqual(whole);
  });
});

describe('a checkpoint that is not what was written', () => {
  /** A run with two checkpoints in its second epoch, after it was stopped there. */
  let stopped: string;
  beforeAll(async () => {
    stopped = newRun();
    let seen = 0;
    await trainUntil(stopped, ({ kind }) => kind === 'batch' && ++seen === 10, everyBatches(2));
  });
  const copy = () => {
    const out = newRun();
    cpSync(stopped, out, { recursive: true });
    return out;
  };
  const files = async (run: string) => {
    const { checkpoints } = await RunDirectory.open(run);
    return checkpoints.all.map((checkpoint) => checkpoints.path(checkpoint));
  };
  const flip = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(path, bytes);
  };

  it.each([
    ['truncated', (path: string) => truncateSync(path, 500), /has 500 bytes \(written were \d+\)/],
    ['changed in one bit', flip, /is damaged: its SHA-256 is not the one in manifest\.json/],
    ['missing', (path: string) => rmSync(path), /is missing/],
    ['another file', (path: string) => cpSync(join(wholeRun, 'best.safetensors'), path), /bytes \(written/],
  ])('%s: is refused with a sentence, and training goes on from the one before', async (_, damage, said) => {
    const out = copy();
    const [newest, previous] = await files(out);
    expect(previous).toBeDefined();
    damage(newest);
    const events = await resume(out);
    expect(warnings(events)).toEqual([expect.stringMatching(said)]);
    expect(warnings(events)[0]).toMatch(/Going on from the one before, epoch 2, step \d+\.$/);
    expect(await runContents(out)).toEqual(whole);
  });

  it('is refused when there is no other', async () => {
    const out = copy();
    const before = readFileSync(join(out, 'metrics.jsonl'));
    for (const path of await files(out)) flip(path);
    await expect(resume(out)).rejects.toThrow(
      /^No checkpoint of '.*' can be used\. .*is damaged.*is damaged/,
    );
    expect(readFileSync(join(out, 'metrics.jsonl'))).toEqual(before);
  });

  it('is refused when it came from another run, or its manifest is no manifest', async () => {
    const out = copy();
    rmSync(join(out, 'checkpoints'), { recursive: true });
    cpSync(join(wholeRun, 'checkpoints'), join(out, 'checkpoints'), { recursive: true });
    await expect(resume(out)).rejects.toThrow(/manifest\.json' is of another run/);
    writeFileSync(join(out, 'checkpoints', 'manifest.json'), '{"format": "bitrow-checkp');
    await expect(resume(out)).rejects.toThrow(/manifest\.json' is damaged/);
  });

  it('what is left of a write that was killed is removed', async () => {
    const out = copy();
    writeFileSync(join(out, 'checkpoints', 'epoch-2-step-99.safetensors.partial'), 'half');
    writeFileSync(join(out, 'checkpoints', 'epoch-2-step-99.safetensors'), 'renamed, never named');
    writeFileSync(join(out, 'checkpoints', 'manifest.json.partial'), '{');
    writeFileSync(join(out, 'metrics.jsonl'), '{"epoch": 2, "trai', { flag: 'a' });
    await resume(out);
    expect(readdirSync(join(out, 'checkpoints')).sort()).toEqual([
      expect.stringMatching(/^epoch-\d+-step-\d+\.safetensors$/),
      'manifest.json',
    ]);
    expect(await runContents(out)).toEqual(whole);
  });

  it('the best copy must be the one it knows, or a later one that is made again', async () => {
    const best = (run: string) => join(run, 'best.safetensors');
    const later = copy();
    cpSync(best(wholeRun), best(later));
    await resume(later);
    expect(await runContents(later)).toEqual(whole);
    const damaged = copy();
    flip(best(damaged));
    await expect(resume(damaged)).rejects.toThrow(
      /^The best model '.*' is damaged: it is not the one of epoch 1/,
    );
    rmSync(best(damaged));
    await expect(resume(damaged)).rejects.toThrow(/^The best model '.*' is missing/);
  });

  it('metrics that were cut are noticed', async () => {
    const out = copy();
    truncateSync(join(out, 'metrics.jsonl'), 10);
    await expect(resume(out)).rejects.toThrow(/metrics\.jsonl' has 10 bytes, at the checkpoint it had \d+/);
  });
});

describe('what a run begins with', () => {
  it('is compared: an option that differs is named with both values', async () => {
    const out = newRun();
    await trainUntil(out, ({ kind }) => kind === 'batch');
    const other = (more: PartialConfig) => resume(out, { config: resolveConfig(settings, more) });
    await expect(other({ training: { batchSize: 512 } })).rejects.toMatchObject({
      message: 'training.batchSize is 512, but the run has 400.',
      exitCode: 2,
    });
    await expect(other({ model: { hidden: [8] } })).rejects.toThrow('is [8], but the run has [24,12].');
    await expect(other({ training: { epochs: 8 } })).rejects.toThrow(
      'training.epochs is 8, but the run has 9.',
    );
    await expect(resume(out, { from: wholeRun })).rejects.toThrow(/but the run began from no other run/);
    await expect(resume(out, { force: true })).rejects.toThrow(/only one of them/);
    await expect(train({ data, out, config, threads: 1 })).rejects.toThrow(/exists\.$/);
  });

  it('a machine or version that differs is said, and training goes on', async () => {
    const out = newRun();
    await trainUntil(out, ({ kind }) => kind === 'batch');
    const file = join(out, 'run.json');
    const run = JSON.parse(readFileSync(file, 'utf8'));
    const made = { ...run.made, onnxruntime: '1.2.3', processor: 'a toaster' };
    writeFileSync(file, JSON.stringify({ ...run, made }));
    expect(warnings(await resume(out))).toEqual([
      expect.stringMatching(
        /^The run began with onnxruntime '1\.2\.3', this is '.*': its results may differ/,
      ),
      expect.stringMatching(/^The run began with processor 'a toaster'/),
    ]);
  });

  it('the data are compared by what is in them, not by their place', async () => {
    const out = newRun();
    await trainUntil(out, ({ kind }) => kind === 'batch');
    const moved = join(folder, `moved-${runs}`);
    cpSync(data, moved, { recursive: true });
    // Another row order, said by the manifest; then not even said.
    const manifest = join(moved, 'manifest.json');
    const text = readFileSync(manifest, 'utf8');
    const parsed = JSON.parse(text);
    parsed.splits[0].sha256 = '0'.repeat(64);
    writeFileSync(manifest, JSON.stringify(parsed));
    await expect(resume(out, { data: moved })).rejects.toThrow(
      /^The rows of split 'train' in .* changed since/,
    );
    writeFileSync(manifest, text);
    const rows = join(moved, parsed.splits[0].file);
    const bytes = readFileSync(rows);
    writeFileSync(rows, Buffer.concat([bytes.subarray(0, 5), bytes.subarray(4)]));
    await expect(resume(out, { data: moved })).rejects.toThrow(
      /of split 'train' changed since the run began/,
    );
    writeFileSync(rows, bytes);
    parsed.fingerprint = 'f'.repeat(64);
    writeFileSync(manifest, JSON.stringify(parsed));
    await expect(resume(out, { data: moved })).rejects.toThrow(/fingerprint ffffffffffff is not the run's/);
    writeFileSync(manifest, text);
    await resume(out, { data: moved });
    expect(await runContents(out)).toEqual(whole);
  });
});

describe('a run without a checkpoint, and one that is finished', () => {
  it('begins where there is no run, or only the beginning of one', async () => {
    const out = newRun();
    await resume(out);
    expect(await runContents(out)).toEqual(whole);

    // Killed after run.json, and a best copy and metrics that no checkpoint knows.
    const early = newRun();
    cpSync(out, early, { recursive: true });
    rmSync(join(early, 'checkpoints'), { recursive: true });
    await resume(early);
    expect(await runContents(early)).toEqual(whole);

    // Killed before run.json.
    const start = newRun();
    mkdirSync(start);
    const owner = { pid: 2 ** 22 + 1, host: hostname(), start: 'x', since: '' };
    writeFileSync(join(start, 'lock'), JSON.stringify(owner));
    writeFileSync(join(start, 'config.yaml'), 'mod');
    await resume(start);
    expect(await runContents(start)).toEqual(whole);
  });

  it('needs no data nor configuration when there is a run, and both when there is none', async () => {
    const out = newRun();
    await expect(train({ out, resume: true })).rejects.toThrow(/no run at .* yet: it needs data to begin/);
    await trainUntil(out, ({ kind }) => kind === 'batch');
    await train({ out, resume: true, threads: 1 });
    expect(await runContents(out)).toEqual(whole);
  });

  it('gives the result of a finished run again, and changes nothing', async () => {
    const before = readFileSync(join(wholeRun, 'run.json'), 'utf8');
    const events: TrainEvent[] = [];
    const result = await train({ out: wholeRun, resume: true, onProgress: (event) => events.push(event) });
    expect(result).toEqual(JSON.parse(before).result);
    expect(events).toEqual([]);
    expect(readFileSync(join(wholeRun, 'run.json'), 'utf8')).toBe(before);
    // More epochs do not help a run that stopped for want of improvement.
    const longer = resolveConfig(settings, { training: { epochs: 20 } });
    expect(await train({ data, out: wholeRun, config: longer, resume: true })).toEqual(result);
  });

  it('with more epochs goes on, to what a longer run would have come to', async () => {
    const out = newRun();
    await train({ data, out, config: resolveConfig(settings, { training: { epochs: 2 } }), threads: 1 });
    const events = await resume(out);
    expect(events[1]).toEqual({ kind: 'resume', epoch: 3, step: 12, from: null });
    expect(await runContents(out)).toEqual(whole);
    expect((await RunDirectory.open(out)).config).toEqual(config);
  });

  it('repeats a run to the bit from its config.yaml', async () => {
    const { values } = parseConfigFile('config.yaml', readFileSync(join(wholeRun, 'config.yaml'), 'utf8'));
    const out = newRun();
    await train({ data, out, config: resolveConfig(values), threads: 1 });
    expect(await runContents(out)).toEqual(whole);
  });
});
