// `--from`: a run that begins with another's weights and optimizer state, on the same data or on data that extends it.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../src/data/encoded-dataset.js';
import type { Manifest } from '../src/data/manifest.js';
import { Table } from '../src/embedding/table.js';
import { allocateTable } from '../src/embedding/table-memory.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { datasetShape, embeddingSpec, fieldOffsets } from '../src/scoring/blueprint.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { openRun } from '../src/scoring/open-run.js';
import type { TrainEvent } from '../src/training/events.js';
import { type TrainOptions, train } from '../src/training/train.js';
import { writeEncodedDataset } from './encoded-dataset.js';
import { runContents } from './run-contents.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-from-'));
const place = (name: string) => join(folder, name);

const sizes = [7, 300, 40];
/** Field 0 and 2 grew at their ends, by 3 and 50 values; a value has the id it had. */
const largerSizes = [10, 300, 90];
const label = 'case when (i * 7919) % 7 < 3 then 1 else 0 end';
let base: string;
let extended: string;
/** The extended data as the run of the base sees it: what it does not know is OOV. */
let clamped: string;

async function write(name: string, manifest: Partial<Manifest>, id?: (field: number) => string) {
  const isBase = name === 'base';
  const { dir, manifest: written } = await writeEncodedDataset({
    rows: isBase ? 1000 : 700,
    sizes: isBase || name === 'clamped' ? sizes : largerSizes,
    rowGroupRows: 512,
    label,
    ...(id && { id }),
  });
  renameSync(dir, place(name));
  const splits = (['train', 'validation', 'test'] as const).map((split) => ({
    ...written.splits[0],
    name: split,
  }));
  writeFileSync(
    join(place(name), 'manifest.json'),
    JSON.stringify({ ...written, fingerprint: name, splits, ...manifest }),
  );
  return place(name);
}

const settings: PartialConfig = {
  model: { dim: 5, hidden: [12], dropout: 0.2, batchNorm: true },
  optimizer: { learningRate: 0.01, drops: { afterEpochs: [3], factor: 0.5 } },
  dense: { learningRate: null },
  training: { epochs: 2, patience: 100, batchSize: 200, microBatch: 64, seed: 7 },
};
const config = (...more: PartialConfig[]) => resolveConfig(settings, ...more);
const run = (out: string, options: Partial<TrainOptions>) =>
  train({ out: place(out), config: config(), threads: 1, ...options });

/** Even ids, or new ones: odd ids of the base are in no row. */
const newId = (field: number) =>
  `case when i % 3 = 0 then ${largerSizes[field]} - 1 - i % 2 else 2 * ((i * 7919) % ${Math.floor(sizes[field] / 2)}) end`;

beforeAll(async () => {
  base = await write('base', {});
  extended = await write('extended', { extends: ['older', 'base'] }, newId);
  clamped = await write('clamped', { fingerprint: 'base' }, (field) => {
    return `case when (${newId(field)}) >= ${sizes[field]} then 0 else ${newId(field)} end`;
  });
  await run('source', { data: base });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Values of table rows, by vocabulary and id, of a run's last model. */
async function values(path: string, vocabulary: number, ids: readonly number[]): Promise<Float32Array> {
  const { table, directory } = await openRun(path, 'last', 1);
  const rows = Uint32Array.from(ids, (id) => fieldOffsets(directory.run.dataset)[vocabulary] + id);
  const out = new Float32Array(rows.length * 5);
  new Table(table, 0).read(rows, out);
  return out;
}

describe('--from on equal data', () => {
  it('is what a longer run would be', async () => {
    await run('longer', { data: base, config: config({ training: { epochs: 5 } }) });
    await run('more', { data: base, from: place('source'), config: config({ training: { epochs: 3 } }) });
    const [longer, more] = [await runContents(place('longer')), await runContents(place('more'))];
    expect(more.last).toEqual(longer.last);
    expect(more.metrics).toEqual(longer.metrics.slice(2));
    expect(more.metrics.map((line) => (line as { epoch: number }).epoch)).toEqual([3, 4, 5]);
    const { run: record } = await RunDirectory.open(place('more'));
    expect(record.from).toMatchObject({ run: place('source'), epoch: 2, trainingStep: 10 });
  });

  it('resumes like any other run, also before its first checkpoint', async () => {
    const whole = await runContents(place('more'));
    for (const batches of [1, 7]) {
      const controller = new AbortController();
      let seen = 0;
      const onProgress = ({ kind }: TrainEvent) => {
        if (kind === 'batch' && ++seen === batches) controller.abort(new Error('stopped'));
      };
      const options = { data: base, from: place('source'), config: config({ training: { epochs: 3 } }) };
      const out = `stopped-${batches}`;
      await expect(run(out, { ...options, onProgress, signal: controller.signal })).rejects.toThrow(
        'stopped',
      );
      if (batches === 1) rmSync(join(place(out), 'checkpoints'), { recursive: true });
      await run(out, { ...options, resume: true });
      expect(await runContents(place(out))).toEqual(whole);
    }
  });
});

describe('--from on extended data', () => {
  it('changes no row that is not in the data, and new ones begin as the generator has them', async () => {
    await run('grown', { data: extended, from: place('source') });
    const { manifest } = await loadDataset(extended);
    const fresh = allocateTable(
      embeddingSpec(config(), datasetShape(manifest), { threads: 1, isTraining: false }),
    );
    for (const [vocabulary, size] of sizes.entries()) {
      const odd = Array.from({ length: Math.floor(size / 2) - 1 }, (_, i) => 2 * i + 1);
      const before = await values(place('source'), vocabulary, odd);
      expect(await values(place('grown'), vocabulary, odd)).toEqual(before);
      const even = odd.map((id) => id - 1);
      expect(await values(place('grown'), vocabulary, even)).not.toEqual(
        await values(place('source'), vocabulary, even),
      );
      // New values that no row has.
      const unseen = Array.from(
        { length: Math.max(0, largerSizes[vocabulary] - 2 - size) },
        (_, i) => size + i,
      );
      const rows = Uint32Array.from(unseen, (id) => fieldOffsets(datasetShape(manifest))[vocabulary] + id);
      const initial = new Float32Array(rows.length * 5);
      new Table(fresh, 0).read(rows, initial);
      expect(await values(place('grown'), vocabulary, unseen)).toEqual(initial);
    }
    const contents = await runContents(place('grown'));
    expect(contents.metrics).toMatchObject([
      { epoch: 3, trainingStep: 14 },
      { epoch: 4, trainingStep: 18 },
    ]);
  });

  it('a run of the smaller data is evaluated on it, new values being OOV', async () => {
    const [one, two] = [
      await evaluate({ run: place('source'), data: extended, threads: 1 }),
      await evaluate({ run: place('source'), data: clamped, threads: 1 }),
    ];
    expect(one.logits).toEqual(two.logits);
    expect(new Set(one.logits).size).toBeGreaterThan(10);
    await expect(evaluate({ run: place('grown'), data: base })).rejects.toThrow(
      "Field 'field 0' has 10 values in the run and 7 in the data.",
    );
  });
});

describe('--from refuses', () => {
  it('to take the place of the run it continues, which stays as it is', async () => {
    const before = await runContents(place('source'));
    const over = run('source', { data: base, from: place('source'), force: true });
    await expect(over).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('which it continues'),
    });
    expect(await runContents(place('source'))).toEqual(before);
  });

  const from = (data: string, more: PartialConfig) =>
    run('refused', { data, from: place('source'), config: config(more) });

  it.each([
    [{ training: { seed: 8 } }, 'training.seed is 8, but the run has 7.'],
    [{ model: { dim: 6 } }, 'model.dim is 6, but the run has 5.'],
    [{ model: { hidden: [12, 12] } }, 'model.hidden is [12,12], but the run has [12].'],
    [{ model: { initialDeviation: 0.1 } }, 'model.initialDeviation is 0.1, but the run has 0.003.'],
    [{ method: { bits: 4 } }, 'method.bits is 4, but the run has 8.'],
    [{ method: { name: 'lpt' } }, 'method.name is "lpt", but the run has "alpt".'],
    [
      { optimizer: { name: 'rowwise-adagrad' } },
      'optimizer.name is "rowwise-adagrad", but the run has "adam".',
    ],
    [{ alpt: { firstStep: 0.5 } }, 'Rows begin with step 0.5, but in the run with 0.0'],
  ])('%j', async (more, message) => {
    await expect(from(base, more)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      exitCode: 2,
    });
  });

  it('data that does not extend the run’s, and a run that has no checkpoint, or is damaged', async () => {
    const foreign = await write('foreign', { extends: ['another'] });
    await expect(from(foreign, {})).rejects.toThrow(
      "Field 'field 0' has 7 values in the run and 10 in the data.",
    );
    const { checkpoints } = await RunDirectory.open(place('grown'));
    writeFileSync(checkpoints.path(checkpoints.all[0]), 'nothing');
    const grown = { data: extended, from: place('grown') };
    await expect(run('refused', grown)).rejects.toThrow(/has 7 bytes \(written were/);
    rmSync(join(place('grown'), 'checkpoints'), { recursive: true });
    await expect(run('refused', grown)).rejects.toThrow(/has no checkpoint yet/);
  });

  it('to resume without checkpoint when the source went on', async () => {
    rmSync(join(place('stopped-1'), 'checkpoints'), { recursive: true });
    await run('source', { data: base, resume: true, config: config({ training: { epochs: 3 } }) });
    const resumed = run('stopped-1', { resume: true, config: undefined });
    await expect(resumed).rejects.toThrow(/went on since this one began with its weights/);
  });
});
