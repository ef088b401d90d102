// A run of lpt-row with affine rows, from training to what reads its model: step and bias are in the checkpoint, in the
// checksum, in the records and in what an open model gives, in four bytes each or in two.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Table } from '../src/embedding/table.js';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import type { RowRange, StepType } from '../src/quantization/row-grid.js';
import { stepTypes } from '../src/quantization/row-grid.js';
import type { Config } from '../src/runs/config.js';
import { resolveConfig } from '../src/runs/resolve-config.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { modelChecksum } from '../src/scoring/model-checksum.js';
import { open } from '../src/scoring/open.js';
import { openRun } from '../src/scoring/open-run.js';
import type { EpochRecord } from '../src/training/epochs.js';
import { train } from '../src/training/train.js';
import { allRows } from './local-training.js';
import { prepareToy } from './toy-dataset.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-lpt-row-'));
const config = (stepType: StepType, range: RowRange = 'affine') =>
  resolveConfig({
    model: { dim: 5, hidden: [8] },
    method: { name: 'lpt-row', bits: 4, stepType },
    'lpt-row': { range },
    training: { epochs: 1, batchSize: 200 },
  });
let data: string;
beforeAll(async () => {
  data = await prepareToy(folder, { rows: 2600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const kinds = [
  { stepType: 'fp32', other: 'fp16', dtype: 'F32', recordBytes: 3 + 4 + 4 + 40 },
  { stepType: 'fp16', other: 'fp32', dtype: 'F16', recordBytes: 3 + 2 + 2 + 40 },
] as const;
describe.each(kinds)('in $stepType', ({ stepType, other, dtype, recordBytes }) => {
  const out = join(folder, stepType);
  beforeAll(async () => {
    const { memory } = await train({ data, out, config: config(stepType), threads: 1 });
    const { table, step, optimizer } = memory.allocated;
    const rows = table / 3;
    expect([step, step + table + optimizer]).toEqual([rows * 2 * stepTypes[stepType], rows * recordBytes]);
  });

  it('keeps step and bias of the rows ever written', async () => {
    const file = await SafetensorsReader.open(join(out, 'best.safetensors'));
    const codes = file.entry('embedding.codes');
    expect(file.entry('embedding.steps')).toMatchObject({ dtype, shape: [codes.shape[0], 2] });
    expect(codes.shape[0]).toBeGreaterThan(0);
    await file.close();
  });

  it('records the percentiles of all its steps, and what deterministic rounding would erase', async () => {
    const { table: memory } = await openRun(out, 'last', 1);
    const table = new Table(memory, 0);
    const steps = new Float32Array(table.rows);
    table.readSteps(allRows(table.rows), steps);
    steps.sort();
    const [{ table: record }] = (await (await RunDirectory.open(out)).metrics()) as EpochRecord[];
    expect(record?.writtenRows).toBeLessThan(table.rows);
    const { percentiles, quantiles } = record?.steps ?? { percentiles: [], quantiles: [] };
    expect(percentiles).toEqual(
      Array.from({ length: 101 }, (_, percent) => steps[Math.round((percent / 100) * (steps.length - 1))]),
    );
    expect(quantiles).toEqual([percentiles[1], percentiles[50], percentiles[99]]);
    expect(new Set(percentiles).size).toBeGreaterThan(50);
    expect(record?.erased).toBeGreaterThan(0);
    expect(record?.erased).toBeLessThan(1);
  });

  it("counts the bias in the model's checksum, also where no value shows it", async () => {
    const { table, dense } = await openRun(out, 'last', 1);
    const { layout } = table.spec;
    new Table(table, 0).touch(Uint32Array.of(3));
    const original = modelChecksum([table], dense);
    const bytes = new Uint8Array(table.memories[0].buffer);
    const bias =
      table.plans[0].sections[0].records + 3 * layout.recordBytes + layout.stepOffset + stepTypes[stepType];
    bytes[bias] ^= 1;
    expect(modelChecksum([table], dense)).not.toBe(original);
    bytes[bias] ^= 1;
    expect(modelChecksum([table], dense)).toBe(original);
  });

  it('gives an open model steps and biases, with which its values are codes from 0 up', async () => {
    const model = await open(out);
    try {
      const { values, steps, biases, dim } = model.embeddings(model.schema.fields[0].name, [
        null,
        'no such value',
      ]);
      expect(dim).toBe(5);
      expect(biases.every((bias) => bias < 0)).toBe(true);
      const codes = values.map(
        (value, i) => (value - biases[Math.floor(i / dim)]) / steps[Math.floor(i / dim)],
      );
      expect(codes.every((code) => Math.abs(code - Math.round(code)) < 0.01)).toBe(true);
      expect([Math.min(...codes), Math.round(Math.max(...codes))]).toEqual([0, 15]);
    } finally {
      await model.close();
    }
  });

  it('does not go on as rows of the other range, or with the other type of steps', async () => {
    const goOn = (as: Config) =>
      train({ data, out: join(folder, 'other'), from: out, config: as, threads: 1 });
    await expect(goOn(config(stepType, 'symmetric'))).rejects.toMatchObject({
      message: 'The grids of rows are symmetric, but in the run affine.',
      exitCode: 2,
    });
    await expect(goOn(config(other))).rejects.toMatchObject({
      message: `method.stepType is "${other}", but the run has "${stepType}".`,
      exitCode: 2,
    });
  });
});
