// `--format safetensors` and `--format torch-rows`: what they hold is what the network sees of the run's rows, by the
// documented formulas.
import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRun } from '../src/exporting/export-run.js';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { QuantizedFile } from '../src/posttraining/open-quantized.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { openRun } from '../src/scoring/open-run.js';
import { tableSource } from '../src/scoring/table-source.js';
import { decode } from './decode-export.js';
import { ExportFolder, rowsOf, small, storages } from './export-runs.js';

let folder: ExportFolder;
beforeAll(async () => {
  folder = await ExportFolder.create();
});
afterAll(() => folder.remove());

describe('safetensors', () => {
  it.each(storages)('has the rows of %s', async (_, config) => {
    const run = await folder.trained(folder.toy, small, config);
    const out = folder.free('.safetensors');
    await exportRun({ run, format: 'safetensors', out, threads: 1 });
    const { rows, dim } = await rowsOf(run);
    const decoded = await decode(out, 'embedding', dim);
    const hot = await decode(out, 'embedding.hot', dim).catch(() => null);
    const found = hot ? await woven(run, decoded, hot, dim) : decoded;
    expect(found).toHaveLength(rows.length);
    expect(found.findIndex((value, i) => value !== rows[i])).toBe(-1);
  });

  it('has first-order weights and the network', async () => {
    const run = await folder.trained(folder.rich, { model: { name: 'deepfm', hidden: [8] } });
    const out = folder.free('.safetensors');
    await exportRun({ run, format: 'safetensors', out, threads: 1 });
    const { firstOrder, dense } = await openRun(run, 'best', 1);
    const file = await SafetensorsReader.open(out);
    for (const { name, data } of dense) expect((await file.readTensor(`network.${name}`)).data).toEqual(data);
    if (!firstOrder) throw new Error('deepfm has them');
    const source = tableSource(firstOrder);
    const weights = new Float32Array(source.rows);
    await source.read(0, weights);
    expect((await file.readTensor('first-order.values')).data).toEqual(weights);
    await file.close();
  });
});

/** Hot rows are the first of their vocabularies. */
async function woven(run: string, cold: Float32Array, hot: Float32Array, dim: number): Promise<Float32Array> {
  const { directory } = await openRun(run, 'best', 1);
  const { vocabularySizes, hotRows = [] } = directory.run.dataset;
  const rows: number[] = [];
  let [nextCold, nextHot] = [0, 0];
  for (const [v, size] of vocabularySizes.entries()) {
    for (let id = 0; id < size; id++) {
      const at = id < hotRows[v] ? nextHot++ : nextCold++;
      rows.push(...(id < hotRows[v] ? hot : cold).subarray(at * dim, (at + 1) * dim));
    }
  }
  return Float32Array.from(rows);
}

describe('torch-rows', () => {
  const held: [string, PartialConfig][] = [
    ['alpt 8', { method: { name: 'alpt', bits: 8 } }],
    ['alpt 4, fp16 steps', { method: { name: 'alpt', bits: 4, stepType: 'fp16' } }],
    ['lpt 8', { method: { name: 'lpt', bits: 8 } }],
    ['lpt 2, a step that fp16 has', { method: { name: 'lpt', bits: 2 }, lpt: { clip: 0.125 } }],
    ['nested 4, fp16 steps', { method: { name: 'nested', bits: 4, stepType: 'fp16' } }],
    ['round 8', { method: { name: 'round', bits: 8 } }],
  ];
  it.each(held)('has the rows of %s', async (_, config) => {
    const run = await folder.trained(folder.toy, small, { model: { dim: 8 } }, config);
    const { rows, dim } = await rowsOf(run);
    const out = folder.free('.safetensors');
    await exportRun({ run, format: 'torch-rows', out, threads: 1 });
    const file = await QuantizedFile.open(out, 'torch-rows');
    const found = new Float32Array(rows.length);
    await file.source('embedding').read(0, found);
    await file.close();
    expect(found.length).toBe(rows.length);
    expect(found.findIndex((value, i) => value !== rows[i])).toBe(-1);
    const array = folder.free('.npy');
    await exportRun({ run, format: 'torch-rows', out: array, threads: 1 });
    expect(statSync(array).size).toBeGreaterThan(rows.length / dim);
  });

  it.each([
    [
      { method: { name: 'full' } },
      /^The format torch-rows holds codes, and the rows of this run are fp32\.$/,
    ],
    [{ method: { name: 'alpt', bits: 16 } }, /has 8, 4 or 2 bits, and this run has 16/],
    [
      { method: { name: 'alpt', bits: 4 } },
      /has fp16 scales and biases at 4 bits, and those of this table are fp32/,
    ],
    [{ method: { name: 'alpt', bits: 2 } }, /the width, 6, must be a multiple of 4/],
    [{ method: { name: 'alpt', bits: 4, hotBits: 8, hotShare: 0.2 } }, /has one width for all rows/],
  ] as const)('refuses %o with a sentence', async (config, message) => {
    const run = await folder.trained(folder.toy, small, config as PartialConfig);
    const before = folder.outputs();
    await expect(
      exportRun({ run, format: 'torch-rows', out: folder.free('.npy'), threads: 1 }),
    ).rejects.toThrow(message);
    expect(folder.outputs()).toEqual(before);
  });
});
