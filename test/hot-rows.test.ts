// A run with hot rows from training to what reads its model: scored as in validation, resumed, saved and loaded, continued
// on more data, described; and what is refused.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectRun } from '../src/cli/run-summary.js';
import { variantMemory } from '../src/comparing/variant-memory.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import { Table } from '../src/embedding/table.js';
import { partBytes } from '../src/embedding/table-records.js';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { createMethod, fieldOffsets } from '../src/scoring/blueprint.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { openRun } from '../src/scoring/open-run.js';
import type { TrainEvent } from '../src/training/events.js';
import { type TrainOptions, train } from '../src/training/train.js';
import { runContents } from './run-contents.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-hot-'));
const place = (name: string) => join(folder, name);
const config = (method: PartialConfig = {}, epochs = 2) =>
  resolveConfig({
    model: { dim: 5, hidden: [8] },
    method: { name: 'alpt', bits: 4, hotBits: 16, hotShare: 0.2, ...method },
    alpt: { stepLearningRate: 1e-3 },
    training: { epochs, patience: 100, batchSize: 200 },
  });
const run = (out: string, options: Partial<TrainOptions> = {}) =>
  train({ data, out: place(out), config: config(), threads: 1, ...options });

let data: string;
let hotRows: number[];
let sizes: number[];
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2600 });
  await run('run');
  const { dataset } = (await RunDirectory.open(place('run'))).run;
  hotRows = dataset.hotRows ?? [];
  sizes = dataset.vocabularySizes;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run with hot rows', () => {
  it('stores them in more bits, and as many as it was asked for', async () => {
    const rows = sizes.reduce((sum, size) => sum + size, 0);
    expect(hotRows.reduce((sum, hot) => sum + hot, 0)).toBe(Math.round(0.2 * rows));
    const file = await SafetensorsReader.open(join(place('run'), 'best.safetensors'));
    const [hot, cold] = [file.entry('embedding.hot.codes'), file.entry('embedding.codes')];
    await file.close();
    expect([hot.shape[1], cold.shape[1]]).toEqual([10, 3]);
    // Hot rows are met in training, all of them but perhaps an OOV.
    expect(hot.shape[0]).toBeGreaterThanOrEqual(Math.round(0.2 * rows) - 3);
    expect(file.metadata).toMatchObject({ bits: '4', hotBits: '16' });
  });

  it('scores as in validation', async () => {
    const { auc, logloss } = await evaluate({ run: place('run'), data, split: 'validation' });
    const result = (await RunDirectory.open(place('run'))).run.result as { validation: unknown };
    expect({ auc, logloss }).toEqual(result.validation);
    expect(auc).toBeGreaterThan(0.55);
  });

  it('holds what was predicted, and is described by what it holds', async () => {
    const { memory } = (await RunDirectory.open(place('run'))).run.result as {
      memory: { predicted: object; allocated: { table: number; step: number } };
    };
    expect(memory.allocated).toEqual(memory.predicted);
    const { table } = await openRun(place('run'), 'last', 1);
    const tableBytes = partBytes(table, 'codes') + partBytes(table, 'steps');
    expect(tableBytes).toBe(memory.allocated.table + memory.allocated.step);
    const { json, text } = await inspectRun(place('run'));
    const hot = hotRows.reduce((sum, rows) => sum + rows, 0);
    expect(json).toMatchObject({ tableBytes, hotBits: 16, hotRows: hot });
    expect(text).toContain(`4 bits (${hot} hot rows: 16)`);
    const { manifest } = await loadDataset(data);
    const { training, inference } = variantMemory(config(), manifest);
    expect(training).toMatchObject({ table: memory.allocated.table, step: memory.allocated.step });
    expect(inference).toBe(tableBytes);
  });

  it('is the same on two threads, and stopped and resumed', async () => {
    const whole = await runContents(place('run'));
    await run('two', { threads: 2 });
    expect(await runContents(place('two'))).toEqual(whole);
    const controller = new AbortController();
    let seen = 0;
    const onProgress = ({ kind }: TrainEvent) => {
      if (kind === 'batch' && ++seen === 13) controller.abort(new Error('stopped'));
    };
    await expect(run('stopped', { onProgress, signal: controller.signal })).rejects.toThrow('stopped');
    await run('stopped', { resume: true });
    expect(await runContents(place('stopped'))).toEqual(whole);
  });

  it('goes on with the same hot rows on data that counts others, and larger vocabularies', async () => {
    const later = await prepareToy(folder, { rows: 6000, users: 90, name: 'later', extend: data });
    await run('grown', { data: later, from: place('run'), config: config({}, 1) });
    const { dataset } = (await RunDirectory.open(place('grown'))).run;
    expect(dataset.vocabularySizes[0]).toBeGreaterThan(sizes[0]);
    expect(dataset.hotRows).toEqual(hotRows);
    // Rows that were not met again are what they were: OOV of the last field is in no row.
    const [before, after] = await Promise.all(['run', 'grown'].map((name) => oovOf(place(name), 2)));
    expect(after).toEqual(before);
    // Nothing but one more epoch on the same data: what a longer run comes to, in every bit.
    await run('longer', { config: config({}, 3) });
    await run('more', { from: place('run'), config: config({}, 1) });
    expect((await runContents(place('more'))).last).toEqual((await runContents(place('longer'))).last);
  });

  it('refuses to go on with another share or width', async () => {
    const other = (method: PartialConfig) => run('other', { from: place('run'), config: config(method, 1) });
    await expect(other({ hotShare: 0.3 })).rejects.toThrow('method.hotShare is 0.3, but the run has 0.2.');
    await expect(other({ hotBits: null })).rejects.toThrow('method.hotBits is null, but the run has 16.');
  });

  it('refuses data without counts, and hot rows that have no more bits', async () => {
    cpSync(data, place('uncounted'), { recursive: true });
    const { manifest } = await loadDataset(data);
    rmSync(join(place('uncounted'), manifest.vocabularies[1].file));
    await expect(run('none', { data: place('uncounted') })).rejects.toThrow(
      `keeps no counts of the values of '${manifest.vocabularies[1].name}', by which method.hotBits would choose rows.`,
    );
    expect(() => createMethod(config({ bits: 16 }))).toThrow(
      'method.hotBits is 16, but all rows have 16 bits (allowed: more than 16, or null).',
    );
  });
});

async function oovOf(path: string, vocabulary: number): Promise<Float32Array> {
  const { table, directory } = await openRun(path, 'last', 1);
  const values = new Float32Array(5);
  new Table(table, 0).read(Uint32Array.of(fieldOffsets(directory.run.dataset)[vocabulary]), values);
  return values;
}
