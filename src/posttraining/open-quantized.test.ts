// Files of quantized tables that are not what they say: each is refused by what is wrong with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TensorSpec } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { QuantizedFile } from './open-quantized.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-open-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'x.safetensors');

const format = { method: 'minmax', kind: 'affine', bits: 4, side: 'fp16', dim: 4, rows: 2, clusters: 0 };
const clustered = { ...format, method: 'kmeans-cls', kind: 'clustered', clusters: 2 };
const tensors: (TensorSpec & { data: TensorArray })[] = [
  { name: 'x.codes', dtype: 'U8', shape: [2, 2], data: Uint8Array.of(0x10, 0x32, 0x54, 0x76) },
  { name: 'x.scale', dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xbc00) },
  { name: 'x.bias', dtype: 'F16', shape: [2], data: Uint16Array.of(0, 0x4000) },
];
const withClusters = (clusters: Uint8Array): typeof tensors => [
  tensors[0],
  { name: 'x.cluster', dtype: 'U8', shape: [2], data: clusters },
  {
    ...{ name: 'x.codebooks', dtype: 'F16', shape: [2, 16] },
    data: Uint16Array.from({ length: 32 }, (_, i) => (i < 16 ? 0x3c00 : 0x4000)),
  },
];
const metadata = { layout: 'bitrow-rows', version: '1', tables: JSON.stringify({ x: format }) };

async function write(specs: typeof tensors, about: Record<string, string>): Promise<void> {
  const file = await SafetensorsWriter.create(path, specs, about);
  for (const { name, data } of specs) await file.write(name, data);
  await file.finish();
}

async function rowsOf(): Promise<number[]> {
  const file = await QuantizedFile.open(path);
  try {
    const out = new Float32Array(8);
    (await file.load('x')).readRows(0, out);
    const again = new Float32Array(8);
    await file.source('x').read(0, again);
    expect(again).toEqual(out);
    return [...out];
  } finally {
    await file.close();
  }
}

it('reads rows by hand: scale · code + bias, negative scales too, and codebooks of clusters and rows', async () => {
  await write(tensors, metadata);
  expect(await rowsOf()).toEqual([0, 1, 2, 3, -2, -3, -4, -5]);
  await write(withClusters(Uint8Array.of(1, 0)), { ...metadata, tables: JSON.stringify({ x: clustered }) });
  expect(await rowsOf()).toEqual([2, 2, 2, 2, 1, 1, 1, 1]);
  const books = Float32Array.from({ length: 32 }, (_, i) => i / 2);
  const own = { ...format, method: 'kmeans', kind: 'codebook', side: 'fp32' };
  await write([tensors[0], { name: 'x.codebook', dtype: 'F32', shape: [2, 16], data: books }], {
    ...metadata,
    tables: JSON.stringify({ x: own }),
  });
  expect(await rowsOf()).toEqual([0, 0.5, 1, 1.5, 10, 10.5, 11, 11.5]);
});

describe('refuses', () => {
  const tables = (change: object) => ({
    ...metadata,
    tables: JSON.stringify({ x: { ...format, ...change } }),
  });
  it.each<[string, typeof tensors, Record<string, string>, RegExp]>([
    ['no layout', tensors, {}, /holds no quantized tables: its metadata names no layout/],
    [
      'an unknown layout',
      tensors,
      { ...metadata, layout: 'rows' },
      /names no layout \(known: bitrow-rows, torch-rows\)/,
    ],
    [
      'a later version',
      tensors,
      { ...metadata, version: '2' },
      /has version 2 of the layout bitrow-rows \(known: 1\)/,
    ],
    ['no tables', tensors, { layout: 'bitrow-rows', version: '1' }, /does not say of its tables/],
    ['tables that are no JSON', tensors, { ...metadata, tables: '{' }, /does not say of its tables/],
    ['a width that is none', tensors, tables({ bits: 3 }), /does not say of its tables/],
    ['rows that are none', tensors, tables({ rows: -1 }), /does not say of its tables/],
    ['a key too many', tensors, tables({ extra: 1 }), /does not say of its tables/],
    ['clusters of rows that have none', tensors, tables({ clusters: 2 }), /does not say of its tables/],
    [
      'another number of rows',
      tensors,
      tables({ rows: 2 ** 40 }),
      /has U8 \(2, 2\) at 'x\.codes', where U8 \(1099511627776, 2\)/,
    ],
    ['another width', tensors, tables({ bits: 8 }), /where U8 \(2, 4\) belongs/],
    [
      'another side',
      tensors,
      tables({ side: 'fp32' }),
      /has F16 \(2\) at 'x\.scale', where F32 \(2\) belongs/,
    ],
    [
      'a missing tensor',
      tensors.slice(0, 2),
      metadata,
      /has no tensor at 'x\.bias', where F16 \(2\) belongs/,
    ],
    [
      'another layout than it says',
      tensors,
      { ...metadata, layout: 'torch-rows' },
      /has no tensor at 'x', where U8 \(2, 6\) belongs/,
    ],
  ])('%s', async (_, specs, about, message) => {
    await write(specs, about);
    await expect(QuantizedFile.open(path)).rejects.toThrow(message);
  });

  it('to be read as another layout, and names that are not there', async () => {
    await write(tensors, metadata);
    await expect(QuantizedFile.open(path, 'torch-rows')).rejects.toThrow(
      `'${path}' has the layout bitrow-rows, not torch-rows.`,
    );
    const file = await QuantizedFile.open(path, 'bitrow-rows');
    await expect(file.load('y')).rejects.toThrow("Unknown table 'y' (known: x).");
    await file.close();
  });

  it('a row in a cluster that is not there', async () => {
    await write(withClusters(Uint8Array.of(1, 2)), { ...metadata, tables: JSON.stringify({ x: clustered }) });
    await expect(rowsOf()).rejects.toThrow(/has a row of table 'x' in cluster 2 \(clusters 0 to 1\)/);
  });
});
