// `bitrow export`: quantizing on the way, what it says, what it refuses, and that it leaves nothing half-written.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRun } from '../src/exporting/export-run.js';
import { evaluate } from '../src/index.js';
import { QuantizedFile } from '../src/posttraining/open-quantized.js';
import type { QuantizerSpec } from '../src/posttraining/quantizer.js';
import { type QuantizerName, quantizers } from '../src/posttraining/registry.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { bitrow } from './command-line.js';
import { decode } from './decode-export.js';
import { ExportFolder, small } from './export-runs.js';

const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

let folder: ExportFolder;
beforeAll(async () => {
  folder = await ExportFolder.create();
});
afterAll(() => folder.remove());

describe('--quantize', () => {
  // One of each form that quantized rows have: a graph does not know how their numbers were found.
  const forms = [
    'minmax',
    'symmetric',
    'table-minmax',
    'kmeans',
    'kmeans-cls',
  ] as const satisfies QuantizerName[];
  const cases = forms.flatMap((method) =>
    (quantizers[method] as QuantizerSpec).bits.map((bits) => [method, bits] as const),
  );
  it.each(cases)('%s at %i bits is what the ONNX model has', async (method, bits) => {
    const run = await folder.trained(folder.toy, small, { method: { name: 'full' } });
    const out = folder.free('.onnx');
    // Comparing is the exporter's own work: it refuses another model than that of the quantized rows.
    const report = await exportRun({
      run,
      format: 'onnx',
      out,
      quantize: { method, bits },
      data: folder.toy,
      threads: 1,
    });
    expect(report.parity?.largestDifference).toBeLessThan(1e-5);
    expect(report.scores?.after.auc).toBeGreaterThan(0.5);
  });

  it('takes either side, the rows of hashing, and rows of two tiers', async () => {
    const tables: PartialConfig[] = [
      { method: { name: 'full' } },
      { method: { name: 'hashing' } },
      { method: { name: 'alpt', bits: 4, hotBits: 8, hotShare: 0.2 } },
    ];
    for (const table of tables) {
      const run = await folder.trained(folder.toy, small, table);
      for (const side of ['fp32', 'fp16'] as const) {
        const quantize = { method: 'minmax', bits: 4, side } as const;
        await exportRun({ run, format: 'onnx', out: folder.free('.onnx'), quantize, threads: 1 });
      }
    }
  });

  it('writes the same rows in every format', async () => {
    const run = await folder.trained(folder.toy, small, { model: { dim: 8 } }, { method: { name: 'full' } });
    const quantize = { method: 'greedy', bits: 4 } as const;
    const [tensors, rows] = [folder.free('.safetensors'), folder.free('.safetensors')];
    await exportRun({ run, format: 'safetensors', out: tensors, quantize, threads: 1 });
    await exportRun({ run, format: 'torch-rows', out: rows, quantize, threads: 1 });
    const file = await QuantizedFile.open(rows);
    const table = await file.load('embedding');
    await file.close();
    const values = new Float32Array(table.rows * 8);
    table.readRows(0, values);
    expect(await decode(tensors, 'embedding', 8)).toEqual(values);
  });
});

describe('bundle', () => {
  it('scores as the run does, or as its quantized rows do, and is replaced when that is asked for', async () => {
    const run = await folder.trained(folder.toy, small, { method: { name: 'full' } });
    const out = folder.free('');
    const made = await exportRun({ run, format: 'bundle', out, threads: 1 });
    expect(made).toMatchObject({ files: [out], parity: null });
    const asRun = await evaluate({ run, data: folder.toy, threads: 1 });
    expect((await evaluate({ run: out, data: folder.toy, threads: 1 })).logits).toEqual(asRun.logits);
    const again = { run, format: 'bundle', out, data: folder.toy, threads: 1 } as const;
    await expect(exportRun(again)).rejects.toThrow('exists');
    const quantize = { method: 'greedy', bits: 4 } as const;
    const smaller = await exportRun({ ...again, quantize, force: true });
    expect(smaller.bytes).toBeLessThan(made.bytes);
    const { logloss } = await evaluate({ run: out, data: folder.toy, threads: 1 });
    expect(smaller.scores?.after.logloss).toBe(logloss);
    expect(smaller.scores?.before.logloss).toBe(asRun.logloss);
  });
});

describe('bitrow export', () => {
  const argv = async (...more: string[]) => [
    'export',
    await folder.trained(folder.toy, small, { method: { name: 'full' } }),
    ...more,
    '--threads',
    '1',
  ];

  it('prints what it made, or as JSON', async () => {
    const out = folder.free('.onnx');
    const asked = [
      '--format',
      'onnx',
      '--out',
      out,
      '--quantize',
      'minmax',
      '--bits',
      '2',
      '--data',
      folder.toy,
    ];
    const { code, out: text } = await bitrow(await argv(...asked));
    expect(code).toBe(0);
    expect(text).toMatch(/best model \(epoch 1\) → .*\.onnx \(onnx, /);
    expect(text).toMatch(/quantized by minmax to 2 bits, fp16 sides; error of the table 0\.\d+/);
    expect(text).toMatch(/120 rows of test, in onnxruntime \S+ at all 5 optimization levels/);
    expect(text).toMatch(/What it costs on test:\n/);
    const json = await bitrow([...(await argv(...asked)), '--force', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      format: 'onnx',
      files: [out],
      checkpoint: 'best',
      epoch: 1,
      quantized: { method: 'minmax', bits: 2, side: 'fp16' },
      parity: { rows: 120, from: 'test' },
      scores: { split: 'test', before: { rows: 120 }, after: { rows: 120 } },
    });
  });

  it('refuses what it cannot do, and leaves what is there', async () => {
    const there = folder.free('.onnx');
    writeFileSync(there, 'mine');
    const before = folder.outputs();
    const failure = async (...more: string[]) => {
      const { code, err } = await bitrow(await argv(...more));
      return [code, err.split('\n')[0]];
    };
    expect(await failure('--format', 'onnx', '--out', there)).toEqual([1, expect.stringContaining('exists')]);
    expect(await failure('--format', 'onnx', '--out', folder.place('x.safetensors'))).toEqual([
      2,
      expect.stringContaining('must end in .onnx'),
    ]);
    expect(await failure('--format', 'pickle', '--out', folder.place('x'))).toEqual([
      2,
      expect.stringContaining('must be one of: onnx, safetensors, torch-rows, bundle'),
    ]);
    expect(
      await failure('--format', 'safetensors', '--out', folder.place('x.safetensors'), '--operators', 'auto'),
    ).toEqual([2, 'The option --operators is for ONNX models, not for the format safetensors.']);
    expect(await failure('--format', 'onnx', '--out', folder.place('x.onnx'), '--bits', '4')).toEqual([
      2,
      expect.stringContaining('--bits is of --quantize'),
    ]);
    expect(
      await failure('--format', 'onnx', '--out', folder.place('x.onnx'), '--quantize', 'minmax'),
    ).toEqual([2, '--quantize minmax needs --bits (8, 4, 2).']);
    expect(await failure('--format', 'onnx', '--out', folder.place('x.onnx'), '--split', 'test')).toEqual([
      2,
      expect.stringContaining('--split'),
    ]);
    expect(await failure('--format', 'onnx', '--out', folder.place('x.onnx'), '--data', folder.rich)).toEqual(
      [1, expect.stringContaining("Field 'user' has 61 values in the run and 26 in the data.")],
    );
    expect(
      await failure(
        '--format',
        'onnx',
        '--out',
        folder.place('x.onnx'),
        '--quantize',
        'logit',
        '--bits',
        '4',
      ),
    ).toEqual([2, 'Method logit asks the model what its rows are for.']);
    expect(folder.outputs()).toEqual(before);
    expect(readFileSync(there, 'utf8')).toBe('mine');
  });

  it('leaves nothing when it is stopped', async () => {
    const run = await folder.trained(folder.toy, small, { method: { name: 'full' } });
    for (const stage of ['write', 'check']) {
      const stop = new AbortController();
      const before = folder.outputs();
      const wanted = exportRun({
        run,
        format: 'onnx',
        out: folder.free('.onnx'),
        threads: 1,
        signal: stop.signal,
        onProgress: (state) => {
          if (state.stage === stage) stop.abort(new Error('stopped'));
        },
      });
      await expect(wanted).rejects.toThrow('stopped');
      expect(folder.outputs()).toEqual(before);
    }
  });

  it.skipIf(process.platform === 'win32').each(['onnx', 'safetensors', 'torch-rows', 'bundle'] as const)(
    'leaves nothing of %s when the disk is full',
    async (format) => {
      const run = await folder.trained(folder.toy, small, { method: { name: 'alpt', bits: 8 } });
      const out = folder.free(
        { onnx: '.onnx', safetensors: '.safetensors', 'torch-rows': '.npy', bundle: '' }[format],
      );
      const before = folder.outputs();
      const options = ['export', run, '--format', format, '--out', out, '--threads', '1'];
      // No file may have more than 1,024 bytes.
      const limited = spawnSync(
        'bash',
        ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, main, ...options],
        {
          encoding: 'utf8',
        },
      );
      expect(limited.status).toBe(1);
      expect(limited.stderr).toContain('cannot be written: EFBIG');
      // A bundle names the hidden directory that it was being written in.
      if (format !== 'bundle') expect(limited.stderr).not.toContain('.partial');
      expect(folder.outputs()).toEqual(before);
    },
  );

  it('says what is wrong with a run that is damaged', async () => {
    const run = await folder.trained(folder.toy, small, { method: { name: 'full' } });
    const damaged = folder.place('damaged');
    cpSync(run, damaged, { recursive: true });
    truncateSync(join(damaged, 'best.safetensors'), 2000);
    const before = folder.outputs();
    const { code, err } = await bitrow([
      'export',
      damaged,
      '--format',
      'onnx',
      '--out',
      folder.free('.onnx'),
    ]);
    expect([code, err.split('\n')[0]]).toEqual([1, expect.stringMatching(/best\.safetensors/)]);
    expect(folder.outputs()).toEqual(before);
  });
});
