// `bitrow quantize` of files, as a user meets it: what it prints and writes, and what it leaves behind when it cannot.
import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NpyReader } from '../src/formats/npy-reader.js';
import { NpyWriter } from '../src/formats/npy-writer.js';
import type { TensorSpec } from '../src/formats/safetensors.js';
import { SafetensorsReader } from '../src/formats/safetensors-reader.js';
import { SafetensorsWriter } from '../src/formats/safetensors-writer.js';
import { QuantizedFile } from '../src/posttraining/open-quantized.js';
import { quantizeInMemory } from '../src/posttraining/quantized-table.js';
import { type QuantizerSpec, type RowSource, sides } from '../src/posttraining/quantizer.js';
import { quantizerNames, quantizers } from '../src/posttraining/registry.js';
import { toHalf } from '../src/quantization/half.js';
import { bitrow } from './command-line.js';
import { runProgram } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-quantize-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string) => join(folder, name);
const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

const V = 700;
const D = 12;
const values = Float32Array.from({ length: V * D }, (_, i) => Math.sin(i * i) / (1 + (i % 7)));

async function writeNpy(
  path: string,
  data: Float32Array | Uint16Array,
  shape: readonly number[],
): Promise<void> {
  const file = await NpyWriter.create(path, data instanceof Uint16Array ? '<f2' : '<f4', shape);
  await file.write(data);
  await file.finish();
}

async function writeTensors(
  path: string,
  tensors: readonly (TensorSpec & { data: Float32Array | Uint16Array })[],
) {
  const file = await SafetensorsWriter.create(path, tensors);
  for (const { name, data } of tensors) await file.write(name, data);
  await file.finish();
}

beforeAll(async () => {
  await writeNpy(place('emb.npy'), values, [V, D]);
  await writeTensors(place('model.safetensors'), [
    { name: 'user.weight', dtype: 'F32', shape: [V, D], data: values },
    { name: 'item', dtype: 'F16', shape: [2 * V, D / 2], data: Uint16Array.from(values, toHalf) },
    {
      name: 'brain',
      dtype: 'BF16',
      shape: [2, 3],
      data: Uint16Array.of(0x3f80, 0xbf80, 0, 0x4000, 0x3f00, 0x4040),
    },
    { name: 'bias', dtype: 'F32', shape: [D], data: values.slice(0, D) },
  ]);
});

const quantize = (input: string, out: string, ...more: string[]) =>
  bitrow(['quantize', place(input), '--out', place(out), '--method', 'minmax', '--json', ...more]);

/** Names of what is in the folder beside the inputs. */
const leftBehind = () => readdirSync(folder).filter((name) => name.startsWith('new') || name.startsWith('.'));

describe('a .npy file', () => {
  it.each([
    { bits: 8, side: 'fp32', bytes: D + 8 },
    { bits: 4, side: 'fp16', bytes: D / 2 + 4 },
    { bits: 2, side: 'fp32', bytes: D / 4 + 8 },
  ])('at $bits bits with $side sides', async ({ bits, side, bytes }) => {
    const { code, out } = await quantize(
      'emb.npy',
      `${bits}.safetensors`,
      '--bits',
      `${bits}`,
      '--side',
      side,
    );
    expect(code).toBe(0);
    const result = JSON.parse(out);
    const same = { rows: V, dim: D, dtype: '<f4', bytesBefore: V * D * 4, bytesAfter: V * bytes };
    expect(result).toMatchObject({
      ...{ method: 'minmax', bits, side, layout: 'bitrow-rows', leftOut: [] },
      ...{ bytesBefore: V * D * 4, bytesAfter: V * bytes, ratio: bytes / D / 4 },
      ...{ degenerateRows: 0, rowsWorseThanMinMax: 0, seconds: expect.any(Number) },
      tables: [{ name: 'emb', ...same, meanError: result.meanError, worstError: result.worstError }],
    });
    expect(result.fileBytes).toBe(readFileSync(place(`${bits}.safetensors`)).length);
    expect(result.meanError).toBeGreaterThan(0);
    expect(result.worstError).toBeGreaterThan(result.meanError);
    expect(result.meanError).toBeLessThan(1 / (2 ** bits - 1));

    const file = await QuantizedFile.open(place(`${bits}.safetensors`), 'bitrow-rows');
    const table = await file.load('emb');
    const all = new Float32Array(V * D);
    table.readRows(0, all);
    // Half a code of the largest range there is.
    for (const [i, value] of all.entries())
      expect(Math.abs(value - values[i])).toBeLessThan(1.1 / (2 ** bits - 1));
    // The same rows, read from the file when asked for.
    const some = new Float32Array(3 * D);
    await file.source('emb').read(V - 3, some);
    expect(some).toEqual(all.subarray((V - 3) * D));
    await file.close();
    expect(JSON.parse((await bitrow(['inspect', place(`${bits}.safetensors`), '--json'])).out)).toMatchObject(
      {
        kind: 'safetensors',
        layout: 'bitrow-rows',
        tables: [
          { name: 'emb', rows: V, dim: D, method: 'minmax', bits, side, kind: 'affine', bytes: V * bytes },
        ],
      },
    );
  });

  it('as the bytes of PyTorch in a .npy, the same as in a .safetensors', async () => {
    const options = ['--bits', '4', '--layout', 'torch-rows'];
    expect((await quantize('emb.npy', 'rows.npy', ...options)).code).toBe(0);
    expect((await quantize('emb.npy', 'rows.safetensors', ...options)).code).toBe(0);
    const file = await NpyReader.open(place('rows.npy'));
    expect(file.header).toMatchObject({ dtype: '|u1', shape: [V, D / 2 + 4] });
    const rows = new Uint8Array(V * (D / 2 + 4));
    await file.readRange(0, rows);
    await file.close();
    const tensors = await SafetensorsReader.open(place('rows.safetensors'));
    expect((await tensors.readTensor('emb')).data).toEqual(rows);
    await tensors.close();
    const { out } = await bitrow(['inspect', place('rows.npy'), '--json']);
    expect(JSON.parse(out).couldBeTorchRows).toContainEqual({ bits: 4, dim: D });
  });

  it('prints what a person wants to know', async () => {
    const { out } = await bitrow([
      ...['quantize', place('model.safetensors'), '--out', place('text.safetensors')],
      ...['--method', 'minmax', '--bits', '4'],
    ]);
    expect(out).toMatch(
      /text\.safetensors: 2,102 rows by minmax in 4 bits, layout bitrow-rows, fp16 sides, [\d.]+ s/,
    );
    expect(out).toMatch(/size +50\.4 kB → 16\.8 kB, 33\.3 % \(1\/3\.0\)/);
    expect(out).toMatch(/error of a row +0\.0\d+ in the mean, 0\.\d+ at worst/);
    expect(out).toMatch(/ {2}user\.weight {2}\(700, 12\) {2}33\.6 kB → 7\.0 kB/);
    expect(out).toContain("left out: 'bias' has the shape (12), where a table has two dimensions");
  });
});

/** A file does not say how a model uses its rows: those that have to know are tested on runs (quantize-run.test.ts). */
const ofFiles = quantizerNames.filter((name) => !(quantizers[name] as QuantizerSpec).needsCalibration);

describe.each(ofFiles)('method %s', (method) => {
  it.each(sides)('in a file with %s sides, as in memory', async (side) => {
    for (const bits of quantizers[method].bits) {
      const out = place(`method-${method}-${bits}-${side}.safetensors`);
      const argv = [
        'quantize',
        place('emb.npy'),
        '--out',
        out,
        '--method',
        method,
        '--bits',
        `${bits}`,
        '--side',
        side,
      ];
      const result = JSON.parse((await bitrow([...argv, '--json'])).out);
      expect(result).toMatchObject({ method, bits, side, rowsWorseThanMinMax: expect.any(Number) });
      const source: RowSource = {
        ...{ name: 'emb', rows: V, dim: D },
        read: async (first, rows) => rows.set(values.subarray(first * D, first * D + rows.length)),
      };
      const { table, errors } = await quantizeInMemory(source, { method, bits, side });
      expect(result).toMatchObject({ tables: [errors], bytesAfter: table.sizeBytes });
      const file = await QuantizedFile.open(out);
      expect((await file.load('emb')).arrays).toEqual(table.arrays);
      await file.close();
      rmSync(out);
    }
  });

  it('names a NaN, whoever reads it first', async () => {
    const data = values.slice();
    data[333 * D + 3] = Number.NaN;
    await writeNpy(place('nan.npy'), data, [V, D]);
    const [bits] = quantizers[method].bits;
    const argv = [
      'quantize',
      place('nan.npy'),
      '--out',
      place('new.safetensors'),
      '--method',
      method,
      '--bits',
      `${bits}`,
    ];
    const { out } = await bitrow([...argv, '--json']);
    expect(JSON.parse(out).error).toMatch(/^Table 'nan', row 333, column 3 is NaN/);
    expect(leftBehind()).toEqual([]);
  });
});

describe('a .safetensors file', () => {
  it('gives all its tables, in fp32, fp16 and bf16, or those that are named', async () => {
    const all = JSON.parse((await quantize('model.safetensors', 'all.safetensors', '--bits', '8')).out);
    expect(all.tables.map(({ name, dtype }: { name: string; dtype: string }) => [name, dtype])).toEqual([
      ['user.weight', 'F32'],
      ['item', 'F16'],
      ['brain', 'BF16'],
    ]);
    expect(all.bytesBefore).toBe(V * D * 4 + V * D * 2 + 12);
    const file = await QuantizedFile.open(place('all.safetensors'));
    const brain = new Float32Array(6);
    await file.source('brain').read(0, brain);
    for (const [i, value] of [1, -1, 0, 2, 0.5, 3].entries()) expect(brain[i]).toBeCloseTo(value, 2);
    const half = new Float32Array(V * D);
    (await file.load('item')).readRows(0, half);
    for (const [i, value] of half.entries()) expect(Math.abs(value - values[i])).toBeLessThan(0.006);
    await file.close();
    const one = await quantize(
      'model.safetensors',
      'one.npy',
      '--bits',
      '2',
      '--layout',
      'torch-rows',
      '--tensor',
      'user.weight',
    );
    expect(JSON.parse(one.out).tables).toHaveLength(1);
  });
});

describe('what is refused, with nothing left behind', () => {
  it.each([
    ['emb.npy', 'new.npy', [], /one array: layout bitrow-rows has several/, 2],
    ['emb.npy', 'new.bin', [], /must end in \.safetensors or, for --layout torch-rows, in \.npy/, 2],
    ['model.safetensors', 'new.npy', ['--layout', 'torch-rows'], /holds one array, not 3 tables/, 2],
    [
      'model.safetensors',
      'new.safetensors',
      ['--layout', 'torch-rows'],
      /the width, 3, must be a multiple of 2/,
      1,
    ],
    [
      'model.safetensors',
      'new.safetensors',
      ['--tensor', 'x'],
      /Unknown tensor 'x' \(known: user\.weight/,
      2,
    ],
    ['model.safetensors', 'new.safetensors', ['--tensor', 'bias'], /Tensor 'bias' has the shape \(12\)/, 1],
    ['emb.npy', 'new.safetensors', ['--tensor', 'x'], /--tensor is for \.safetensors/, 2],
    [
      'emb.npy',
      'new.safetensors',
      ['--layout', 'torch-rows', '--side', 'fp32'],
      /has fp16 scales and biases at 4 bits/,
      1,
    ],
    ['emb.npy', 'new.safetensors', ['--data', 'x'], /--data is for runs/, 2],
    ['none.npy', 'new.safetensors', [], /There is nothing at/, 1],
  ])('%s to %s %j', async (input, out, more, message, exitCode) => {
    const { code, out: printed } = await quantize(input, out, '--bits', '4', ...more);
    expect(JSON.parse(printed).error).toMatch(message);
    expect(code).toBe(exitCode);
    expect(leftBehind()).toEqual([]);
  });

  it('an option that is none', async () => {
    for (const [option, value, message] of [
      ['--bits', '3', "The option --bits is '3', but must be one of: 8, 4, 2."],
      ['--side', 'fp8', "The option --side is 'fp8', but must be one of: fp32, fp16."],
      ['--layout', 'rows', "The option --layout is 'rows', but must be one of: bitrow-rows, torch-rows."],
    ]) {
      const { code, out } = await quantize('emb.npy', 'new.safetensors', '--bits', '4', option, value);
      expect({ code, error: JSON.parse(out).error }).toEqual({ code: 2, error: message });
    }
  });

  it('an output that is there, unless forced; also when it was the input', async () => {
    writeFileSync(place('taken.safetensors'), 'mine');
    const refused = await quantize('emb.npy', 'taken.safetensors', '--bits', '4');
    expect(JSON.parse(refused.out)).toEqual({
      error: expect.stringMatching(/The output file '.*taken\.safetensors' exists\./),
      help: expect.stringContaining('--force'),
    });
    expect(readFileSync(place('taken.safetensors'), 'utf8')).toBe('mine');
    expect((await quantize('emb.npy', 'taken.safetensors', '--bits', '4', '--force')).code).toBe(0);
    await (await QuantizedFile.open(place('taken.safetensors'))).close();
    const again = await quantize('taken.safetensors', 'new.safetensors', '--bits', '2');
    expect(JSON.parse(again.out).error).toMatch(/is quantized already \(layout bitrow-rows\)/);
  });

  it.each([
    [
      'NaN',
      Number.NaN,
      /Table 'new-bad', row 699, column 4 is NaN: only finite numbers can be quantized\./,
      /set it to 0/,
    ],
    ['-Infinity', Number.NEGATIVE_INFINITY, /row 699, column 4 is -Infinity/, /set it to 0/],
    [
      'what fp16 cannot hold',
      -7e4,
      /row 699, column 4 is -70000: .* beyond the largest fp16 number, 65504/,
      /--side fp32/,
    ],
  ])('a table with %s in its last row', async (_, bad, message, help) => {
    const data = values.slice();
    data[699 * D + 4] = bad;
    await writeNpy(place('new-bad.npy'), data, [V, D]);
    const { code, out } = await quantize('new-bad.npy', 'new.safetensors', '--bits', '4');
    rmSync(place('new-bad.npy'));
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: expect.stringMatching(message),
      help: expect.stringMatching(help),
    });
    expect(leftBehind()).toEqual([]);
  });

  it('an input that is cut off, empty, or of bytes', async () => {
    const tried = async (name: string) =>
      JSON.parse((await quantize(name, 'new.safetensors', '--bits', '4')).out).error;
    writeFileSync(place('cut.npy'), readFileSync(place('emb.npy')));
    truncateSync(place('cut.npy'), 20_000);
    expect(await tried('cut.npy')).toMatch(
      /is not a whole \.npy file: its array \(700, 12\) of <f4 ends at byte/,
    );
    await writeNpy(place('none-left.npy'), new Float32Array(), [0, 4]);
    expect(await tried('none-left.npy')).toMatch(/is empty: its shape is \(0, 4\)/);
    await writeNpy(place('line.npy'), new Float32Array(4), [4]);
    expect(await tried('line.npy')).toMatch(
      /has the shape \(4\), where a table has two dimensions, \(rows, width\)/,
    );
    expect(await tried('rows.npy')).toMatch(/The array of '.*rows\.npy' is \|u1, not float\./);
    expect(leftBehind()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('a full disk', () => {
    const argv = [
      'quantize',
      place('emb.npy'),
      '--out',
      place('new.safetensors'),
      '--method',
      'minmax',
      '--bits',
      '8',
    ];
    // 8 blocks of 1,024 bytes, where 14 kB are needed.
    const limited = ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, main, ...argv, '--json'];
    const { status, stdout } = spawnSync('bash', limited, { encoding: 'utf8' });
    expect({ status, error: JSON.parse(stdout).error }).toEqual({
      status: 1,
      error: expect.stringMatching(/\/new\.safetensors' cannot be written: EFBIG: file too large/),
    });
    expect(leftBehind()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('a full disk, by /dev/full', async () => {
    for (const [out, more] of [
      ['new.safetensors', []],
      ['new.npy', ['--layout', 'torch-rows']],
    ] as const) {
      symlinkSync('/dev/full', place(`${out}.partial`));
      const { code, out: printed } = await quantize('emb.npy', out, '--bits', '4', ...more);
      const error = expect.stringMatching(/new\.\w+' cannot be written: ENOSPC: no space left/);
      expect({ code, error: JSON.parse(printed).error }).toEqual({ code: 1, error });
      expect(leftBehind()).toEqual([]);
    }
  });

  it('a place that cannot be written', async () => {
    const { code, out } = await quantize('emb.npy', 'emb.npy/new.safetensors', '--bits', '8');
    expect({ code, error: JSON.parse(out).error }).toEqual({
      code: 1,
      error: expect.stringMatching(/ENOTDIR/),
    });
  });

  it('Ctrl-C', async () => {
    const controller = new AbortController();
    controller.abort();
    const argv = [
      'quantize',
      place('emb.npy'),
      '--out',
      place('new.safetensors'),
      '--method',
      'minmax',
      '--bits',
      '8',
    ];
    expect((await bitrow(argv, controller.signal)).code).toBe(130);
    expect(leftBehind()).toEqual([]);
  });
});

it('as a program: one JSON object on standard output', async () => {
  const argv = ['quantize', place('emb.npy'), '--out', place('program.safetensors'), '--method', 'minmax'];
  const { code, out, err } = await runProgram([...argv, '--bits', '4', '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out).bytesAfter).toBe(V * (D / 2 + 4));
});
