// Runs of LSQ and PACT as their user has them: scored from disk as in training, by an open model too, and not to be
// continued with other owners of the step.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectRun } from '../src/cli/run-summary.js';
import { evaluate, open, resolveConfig, train } from '../src/index.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-grid-'));
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 6000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ['lsq', 'table'],
  ['lsq', 'row'],
  ['pact', 'table'],
] as const)('%s, a step per %s', (name, granularity) => {
  const run = join(folder, `${name}-${granularity}`);
  const config = resolveConfig({
    model: { dim: 8, hidden: [16] },
    method: { name, bits: 2 },
    [name]: { granularity },
    optimizer: { learningRate: 0.02 },
    dense: { learningRate: null },
    training: { epochs: 1, batchSize: 500 },
  });

  it('scores from disk as it did in training', async () => {
    const { validation } = await train({ data, out: run, config, threads: 2 });
    const scored = await evaluate({ run, data, split: 'validation', threads: 1 });
    expect(scored).toMatchObject(validation);
    expect(validation.auc).toBeGreaterThan(0.6);
    expect((await inspectRun(run)).json).toMatchObject({ method: name, bits: 2, rounding: 'deterministic' });
  });

  it('gives an open model rows of three or four values', async () => {
    const model = await open(run);
    try {
      const { values, steps } = await model.embeddings('user', ['u1', 'u2', 'u17', 'unseen']);
      const codes = Array.from(values, (value, i) => value / steps[Math.floor(i / 8)]);
      const allowed = name === 'lsq' ? [-2, -1, 0, 1] : [-1, 0, 1];
      expect(codes.filter((code) => !allowed.includes(Math.round(code * 1e5) / 1e5 + 0))).toEqual([]);
      expect(new Set(codes).size).toBeGreaterThan(1);
    } finally {
      await model.close();
    }
  });

  it('is not continued with a step for others', async () => {
    const other = resolveConfig(config, { [name]: { granularity: granularity === 'row' ? 'table' : 'row' } });
    const next = train({ data, out: `${run}-next`, from: run, config: other, threads: 1 });
    await expect(next).rejects.toThrow(
      granularity === 'row'
        ? 'Rows have one step in common, but in the run a step each.'
        : 'Rows have a step each, but in the run one step in common.',
    );
  });

  it('has a checkpoint of fp32 values, and a step', () => {
    const file = readFileSync(join(run, 'best.safetensors'));
    const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0))));
    expect(header['embedding.values'].dtype).toBe('F32');
    expect(Object.keys(header)).toContain(granularity === 'row' ? 'embedding.steps' : 'embedding.parameters');
  });
});
