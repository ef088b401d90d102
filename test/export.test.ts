// Every export format, of every method and every model, on small data: what is written is what the run is. An ONNX model is
// loaded as anyone's program would load it, and asked for every row of a split.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodNames } from '../src/embedding/methods.js';
import { exportRun } from '../src/exporting/export-run.js';
import { resolveConfig, train } from '../src/index.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { modelVariants } from './model-variants.js';
import { prepareRich } from './rich-dataset.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-export-'));
const place = (name: string) => join(folder, name);
let toy: string;
let rich: string;

beforeAll(async () => {
  toy = await prepareToy(folder, { rows: 1200 });
  rich = await prepareRich(folder, { rows: 1200 });
});
afterAll(() => rmSync(folder, { recursive: true }));

let runs = 0;
async function trained(data: string, ...more: PartialConfig[]): Promise<string> {
  const out = place(`run-${runs++}`);
  const config = resolveConfig(
    {
      model: { dim: 6 },
      training: { epochs: 1, batchSize: 128, patience: 100 },
      optimizer: { learningRate: 0.02 },
      dense: { learningRate: null },
    },
    ...more,
  );
  await train({ data, out, config, threads: 1 });
  return out;
}

const storages: [string, PartialConfig][] = [
  ...methodNames.map((name): [string, PartialConfig] => [name, { method: { name } }]),
  ['alpt 4', { method: { name: 'alpt', bits: 4 } }],
  ['alpt 2, fp16 steps', { method: { name: 'alpt', bits: 2, stepType: 'fp16' } }],
  ['alpt 16', { method: { name: 'alpt', bits: 16 } }],
  ['alpt 4, hot 8', { method: { name: 'alpt', bits: 4, hotBits: 8, hotShare: 0.2 } }],
  ['lpt 4', { method: { name: 'lpt', bits: 4 } }],
  ['lpt 2', { method: { name: 'lpt', bits: 2 } }],
  ['lpt 4, hot 16', { method: { name: 'lpt', bits: 4, hotBits: 16, hotShare: 0.1 } }],
  ['lpt-row 4, affine', { method: { name: 'lpt-row', bits: 4 }, 'lpt-row': { range: 'affine' } }],
  [
    'lpt-row 8, affine, fp16',
    { method: { name: 'lpt-row', bits: 8, stepType: 'fp16' }, 'lpt-row': { range: 'affine' } },
  ],
  ['lsq 4, step a row', { method: { name: 'lsq', bits: 4 }, lsq: { granularity: 'row' } }],
  ['pact 2', { method: { name: 'pact', bits: 2 } }],
  ['nested 2', { method: { name: 'nested', bits: 2 } }],
  [
    'nested 4 of 12, fp16',
    { method: { name: 'nested', bits: 4, stepType: 'fp16' }, nested: { storedBits: 12 } },
  ],
  ['round 4', { method: { name: 'round', bits: 4 } }],
  ['round 16', { method: { name: 'round', bits: 16 } }],
  ['hashing, sum', { method: { name: 'hashing' }, hashing: { combine: 'sum', ratio: 5 } }],
];

describe('onnx', () => {
  it.each(storages)('is the run of %s', async (_, config) => {
    const run = await trained(toy, { model: { hidden: [8] } }, config);
    for (const operators of ['auto', 'standard'] as const) {
      const out = place(`${run.slice(-6)}-${operators}.onnx`);
      const { parity } = await exportRun({ run, format: 'onnx', out, operators, threads: 1 });
      expect(parity?.rows).toBe(10_000);
      expect(parity?.tableRows).toBe(30_000);
      expect(parity?.largestDifference).toBeLessThan(1e-5);
    }
  });

  it.each(modelVariants)('is the run of $title, with bags and numbers', async ({ name, options }) => {
    const run = await trained(
      rich,
      { model: { ...options, name } as PartialConfig['model'] },
      { method: { bits: 4 } },
    );
    const out = place(`${run.slice(-6)}.onnx`);
    const { parity } = await exportRun({ run, format: 'onnx', out, data: rich, threads: 1 });
    expect(parity).toMatchObject({ from: 'test' });
  });
});
