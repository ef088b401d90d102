// `--format onnx`, of every method and every model: the model is loaded as anyone's program would load it, and is the run. The
// exporter compares for itself; that it does so is tested by changing what it writes.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFilesAside } from '../src/exporting/aside.js';
import { exportRun } from '../src/exporting/export-run.js';
import { exportSubject } from '../src/exporting/export-subject.js';
import type { ExportSettings, ExportSubject } from '../src/exporting/exporter.js';
import { exporters } from '../src/exporting/registry.js';
import type { ServedTable } from '../src/exporting/served-table.js';
import { createSession, type FedView } from '../src/graph/session.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { ExportFolder, small, storages } from './export-runs.js';
import { modelVariants } from './model-variants.js';
import { prepareRich, richFields, richSchema } from './rich-dataset.js';

let folder: ExportFolder;
beforeAll(async () => {
  folder = await ExportFolder.create();
});
afterAll(() => folder.remove());

describe('onnx', () => {
  it.each(storages)('is the run of %s', async (_, config) => {
    const run = await folder.trained(folder.toy, small, config);
    for (const operators of ['auto', 'standard'] as const) {
      const out = folder.free('.onnx');
      const { parity } = await exportRun({ run, format: 'onnx', out, operators, threads: 1 });
      expect(parity?.rows).toBe(10_000);
      expect(parity?.tableRows).toBe(30_000);
      expect(parity?.largestDifference).toBeLessThan(1e-5);
    }
  });

  it.each(modelVariants)('is the run of $title, with bags and numbers', async ({ name, options }) => {
    const run = await folder.trained(
      folder.rich,
      { model: { ...options, name } as PartialConfig['model'] },
      { method: { bits: 4 } },
    );
    const out = folder.free('.onnx');
    const { parity } = await exportRun({ run, format: 'onnx', out, data: folder.rich, threads: 1 });
    expect(parity).toMatchObject({ from: 'test' });
  });

  it('reads an id that a vocabulary does not have as OOV, and pools an empty bag to nothing', async () => {
    const run = await folder.trained(folder.rich, { model: { name: 'deepfm', hidden: [8] } });
    const out = folder.free('.onnx');
    await exportRun({ run, format: 'onnx', out, threads: 1 });
    const int64 = (...ids: number[]): FedView => ({
      data: BigInt64Array.from(ids, BigInt),
      shape: [ids.length],
    });
    const numbers: FedView = { data: Float64Array.of(3, 30, Number.NaN, 30), shape: [2, 2] };
    const logitsOf = async (feeds: Record<string, FedView>) => {
      const session = await createSession(out);
      const logits = new Float32Array(2);
      await session.run({ ...feeds, numbers }, { logits: { data: logits, shape: [2] } });
      await session.release();
      return [...logits];
    };
    const bags = {
      seen: int64(1, 2),
      'seen.offsets': int64(0, 1, 2),
      tags: int64(),
      'tags.offsets': int64(0, 0, 0),
    };
    const oov = await logitsOf({ user: int64(0, 0), item: int64(0, 3), ...bags });
    expect(await logitsOf({ user: int64(-1, 10 ** 6), item: int64(2 ** 40, 3), ...bags })).toEqual(oov);
    expect(await logitsOf({ user: int64(1, 0), item: int64(0, 3), ...bags })).not.toEqual(oov);
    expect(oov.every(Number.isFinite)).toBe(true);
    const wrong = { ...bags, 'seen.offsets': int64(0, 7, 9) };
    await expect(logitsOf({ user: int64(0, 0), item: int64(0, 3), ...wrong })).rejects.toThrow(
      /bound|indices/i,
    );
  });

  it('keeps its tables in a second file where one would be too large', async () => {
    const run = await folder.trained(folder.toy, small, {
      method: { name: 'alpt', bits: 4, hotBits: 8, hotShare: 0.2 },
    });
    const one = await exportRun({ run, format: 'onnx', out: folder.free('.onnx'), threads: 1 });
    const out = folder.free('.onnx');
    const two = await exportRun({ run, format: 'onnx', out, threads: 1, mostModelBytes: 1000 });
    expect(one.files).toHaveLength(1);
    expect(two.files).toEqual([out, `${out}.data`]);
    expect(two.parity?.largestDifference).toBe(one.parity?.largestDifference);
    expect(two.bytes).toBe(statSync(out).size + statSync(`${out}.data`).size);
    // In the place where it has been put: the tables are found.
    const session = await createSession(out);
    await session.release();
    await expect(
      exportRun({ run, format: 'onnx', out: folder.free('.onnx'), threads: 1, force: false }),
    ).resolves.toBeDefined();
    await exportRun({ run, format: 'onnx', out, threads: 1, force: true });
    expect(existsSync(`${out}.data`)).toBe(false);
    await exportRun({ run, format: 'onnx', out, threads: 1, force: true, mostModelBytes: 1000 });
    rmSync(out);
    await expect(exportRun({ run, format: 'onnx', out, threads: 1 })).rejects.toThrow(/\.onnx\.data' exists/);
  });

  it('has codes in its file, not values, and says what it is', async () => {
    const out = folder.free('.onnx');
    const run = await folder.trained(folder.toy, small, { method: { name: 'alpt', bits: 4 } });
    const { parity } = await exportRun({ run, format: 'onnx', out, threads: 1 });
    const file = readFileSync(out).toString('latin1');
    expect(file).toContain('GatherBlockQuantized');
    expect(file).not.toContain('DequantizeLinear');
    expect(file).toContain(JSON.stringify(parity));
    expect(file).toContain('"name":"user","firstRow":0');
    const standard = folder.free('.onnx');
    await exportRun({ run, format: 'onnx', out: standard, operators: 'standard', threads: 1 });
    expect(readFileSync(standard).toString('latin1')).not.toMatch(/GatherBlockQuantized|com\.microsoft/);
    const wide = folder.free('.onnx');
    await exportRun({
      run: await folder.trained(folder.toy, small, { method: { name: 'alpt', bits: 8 } }),
      format: 'onnx',
      out: wide,
      threads: 1,
    });
    expect(readFileSync(wide).toString('latin1')).not.toContain('com.microsoft');
  });

  it.each(['rows', 'weights'] as const)('is not written when its %s are not the run’s', async (what) => {
    const run = await folder.trained(folder.toy, small, { method: { name: 'alpt', bits: 8 } });
    const { subject } = await exportSubject({ run, checkpoint: 'best', threads: 1, onProgress() {} });
    const changed: ExportSubject =
      what === 'rows'
        ? { ...subject, embedding: withOtherCode(subject.embedding) }
        : { ...subject, embedding: withScaledSteps(subject.embedding) };
    const settings: ExportSettings = {
      operators: 'auto',
      mostModelBytes: 2 ** 30,
      force: false,
      threads: 1,
      onProgress() {},
      signal: undefined,
    };
    const before = folder.outputs();
    const out = folder.free('.onnx');
    const written = writeFilesAside(out, (path) => exporters.onnx.write(changed, path, settings));
    await expect(written).rejects.toThrow(
      /^The exported model reads row \d+ of 'embedding' as .* it is not written\.$/,
    );
    expect(folder.outputs()).toEqual(before);
  });

  it('is not written when its logits are not the run’s', async () => {
    const run = await folder.trained(folder.toy, small, { method: { name: 'alpt', bits: 8 } });
    const { subject } = await exportSubject({ run, checkpoint: 'best', threads: 1, onProgress() {} });
    // The network is written from these tensors, and scored from a copy that was made before.
    let reads = 0;
    const dense = subject.run.dense.map((tensor) =>
      tensor.name === 'output.bias'
        ? {
            ...tensor,
            get data() {
              return reads++ === 0 ? Float32Array.of(tensor.data[0] + 1e-3) : tensor.data;
            },
          }
        : tensor,
    );
    const changed: ExportSubject = { ...subject, run: { ...subject.run, dense } };
    const settings = {
      operators: 'auto',
      mostModelBytes: 2 ** 30,
      force: false,
      threads: 1,
      onProgress() {},
      signal: undefined,
    } as const;
    const before = folder.outputs();
    const written = writeFilesAside(folder.free('.onnx'), (path) =>
      exporters.onnx.write(changed, path, settings),
    );
    await expect(written).rejects.toThrow(/^The exported model gives the logit .* where the run gives /);
    expect(folder.outputs()).toEqual(before);
  });

  it('refuses fields that are called like another input or an output', async () => {
    const named = (name: string) => ({ name, value: { kind: 'column' as const, column: 'item' } });
    for (const name of ['logits', 'seen.offsets', 'numbers']) {
      const schema = { ...richSchema, fields: [richFields.seen, named(name)] };
      const data = await prepareRich(folder.path, { rows: 400, schema, out: folder.place(`data-${name}`) });
      const run = await folder.trained(data, small);
      const wanted = exportRun({ run, format: 'onnx', out: folder.free('.onnx'), threads: 1 });
      await expect(wanted).rejects.toThrow(`cannot call`);
    }
  });
});

/** The same table, one code another. */
function withOtherCode(table: ServedTable): ServedTable {
  return changedBlocks(table, 0, (codes) => {
    codes[0] ^= 1;
  });
}

/** The same table, every step a hair larger. */
function withScaledSteps(table: ServedTable): ServedTable {
  return changedBlocks(table, 1, (steps) => {
    for (let i = 0; i < steps.length; i++) steps[i] *= 1 + 2 ** -22;
  });
}

function changedBlocks(
  table: ServedTable,
  part: number,
  change: (array: Uint8Array | Float32Array) => void,
): ServedTable {
  return {
    ...table,
    cold: {
      ...table.cold,
      async *blocks() {
        for await (const { rows, arrays } of table.cold.blocks()) {
          const copies = arrays.map((array) => array.slice());
          change(copies[part] as Uint8Array);
          yield { rows, arrays: copies };
        }
      },
    },
  };
}
