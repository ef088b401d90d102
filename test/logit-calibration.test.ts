// Gradients of a run's logit by its rows against finite differences of what the run scores, with everything that examples
// can have: shared vocabularies, bags by sum and by mean, numbers, weights, first-order weights.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mostIdsOf } from '../src/data/bags.js';
import { type EncodedDataset, loadDataset } from '../src/data/encoded-dataset.js';
import { Table } from '../src/embedding/table.js';
import { type PartialConfig, resolveConfig } from '../src/runs/resolve-config.js';
import { calibrateLogit, Moments } from '../src/scoring/logit-calibration.js';
import { logitGradients } from '../src/scoring/logit-gradients.js';
import { type OpenedRun, openRun } from '../src/scoring/open-run.js';
import { scoreSplit } from '../src/scoring/score-split.js';
import { startScoring } from '../src/scoring/scoring-engine.js';
import { modelOfRun } from '../src/scoring/scoring-model.js';
import { train } from '../src/training/train.js';
import { uniforms } from './random-rows.js';
import { prepareRich } from './rich-dataset.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-calibration-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;

async function trained(data: string, config: PartialConfig): Promise<OpenedRun> {
  const out = join(folder, `run${made++}`);
  const training = { epochs: 1, batchSize: 256, patience: 100 };
  await train({ data, out, config: resolveConfig({ training }, config), threads: 1 });
  return openRun(out, 'last', 1);
}

async function scored(run: OpenedRun, dataset: EncodedDataset, split: string): Promise<number[]> {
  const batchRows = 512;
  const options = { threads: 1, batchRows, bagIds: mostIdsOf(dataset.manifest, batchRows) };
  const engine = await startScoring(modelOfRun(run, 'last'), options);
  const logits: number[] = [];
  const { numbers } = run.directory.run.dataset;
  try {
    for await (const batch of scoreSplit({ ...engine, dataset, split, numbers }))
      logits.push(...batch.logits);
  } finally {
    await engine.team.close();
  }
  return logits;
}

describe("gradients of a run's logit", () => {
  it.each([
    { model: 'dcn', settings: { crossLayers: 2, hidden: [8] } },
    { model: 'deepfm', settings: { hidden: [8] } },
  ])('are those of finite differences: $model', async ({ model, settings }) => {
    const data = await prepareRich(folder, { rows: 3000, out: join(folder, `data${made++}`) });
    const config = { model: { name: model, dim: 4, ...settings } } as PartialConfig;
    const run = await trained(data, { ...config, method: { name: 'full' } });
    const dataset = await loadDataset(data);
    const table = new Table(run.table, 0);
    const rows = Uint32Array.from({ length: table.rows }, (_, row) => row);
    const uniform = uniforms(9);
    const move = Float32Array.from({ length: table.rows * 4 }, () => 2e-3 * (uniform() - 0.5));

    const expected: number[] = [];
    for await (const block of logitGradients(run, { dataset, split: 'validation' })) {
      for (const [use, row] of block.rows.entries()) {
        const example = block.examples[use];
        expected[example] ??= 0;
        for (let j = 0; j < 4; j++) expected[example] += block.gradients[use * 4 + j] * move[row * 4 + j];
      }
      expect(block.done).toBeLessThanOrEqual(block.total);
    }
    table.touch(rows);
    table.writeValues(rows, move);
    const up = await scored(run, dataset, 'validation');
    table.writeValues(
      rows,
      move.map((value) => -2 * value),
    );
    const down = await scored(run, dataset, 'validation');
    expect(expected.length).toBe(up.length);
    const differences = up.map((logit, i) => (logit - down[i]) / 2);
    const size = Math.sqrt(differences.reduce((sum, value) => sum + value * value, 0) / up.length);
    expect(size).toBeGreaterThan(1e-4);
    // Of all but a few, which a move carries over a kink of relu, up to the rounding of logits in fp32.
    const wrong = differences.filter((value, i) => Math.abs(value - expected[i]) > 0.02 * size + 1e-6);
    expect(wrong.length).toBeLessThan(0.03 * up.length);
  });

  it('are of as many examples as are asked for, the first ones', async () => {
    const data = await prepareToy(folder, { rows: 4000, name: 'toy' });
    const run = await trained(data, { model: { dim: 4, hidden: [8] }, method: { name: 'full' } });
    const dataset = await loadDataset(data);
    const uses: number[] = [];
    for await (const block of logitGradients(run, { dataset, split: 'train', examples: 2100 })) {
      uses.push(block.rows.length);
      expect(block.total).toBe(2100);
      expect(block.examples.at(-1)).toBe(block.done - 1);
    }
    expect(uses).toEqual([6000, 300]);
    const hashed = await trained(data, { model: { dim: 4, hidden: [8] }, method: { name: 'hashing' } });
    await expect(calibrateLogit(hashed, { dataset })).rejects.toThrow(
      "The method 'hashing' makes an embedding",
    );
    await expect(calibrateLogit(run, { dataset, split: 'tests' })).rejects.toThrow("'tests'");
  });
});

describe('moments', () => {
  it('are means of squares over a vocabulary, and over a row with the vocabulary as 32 uses', () => {
    const moments = new Moments(2, [0, 3, 10], 4 * 4 * 2 * 2);
    const all: [number, number[]][] = [
      [0, [1, 2]],
      [2, [3, 0]],
      [0, [0, 1]],
      [4, [1, 1]],
      [9, [2, 0]],
    ];
    for (const [row, gradient] of all) moments.add(row, Float32Array.from(gradient));
    const { moment } = moments.calibration();
    const shared = [1 + 9, 2, 2, 4 + 1].map((sum) => sum / 3);
    // Rows 0 and 1 of each vocabulary have a moment of their own; row 1 has no use.
    expect([...moment(1)]).toEqual(shared);
    expect(moment(2)).toBe(moment(1));
    const own = [1, 2, 2, 5];
    for (const [i, value] of moment(0).entries())
      expect(value).toBeCloseTo((own[i] + 32 * shared[i]) / 34, 6);
    expect([...moment(9)]).toEqual([2.5, 0.5, 0.5, 0.5]);
    for (const [i, value] of [2.5, 0.5, 0.5, 0.5].entries()) {
      expect(moment(4)[i]).toBeCloseTo((1 + 32 * value) / 33, 6);
    }
  });

  it('are all shared where there is no memory for more', () => {
    const moments = new Moments(2, [0, 3], 0);
    moments.add(0, Float32Array.of(1, 2));
    const { moment } = moments.calibration();
    expect(moment(0)).toBe(moment(2));
    expect([...moment(0)]).toEqual([1, 2, 2, 4]);
  });
});
