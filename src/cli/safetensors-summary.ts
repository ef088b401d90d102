// What there is to say of a safetensors file: its tensors and its metadata, and the quantized tables if it holds any. Only the
// header is read.
import { statSync } from 'node:fs';
import { SafetensorsReader } from '../formats/safetensors-reader.js';
import { isQuantized, QuantizedFile } from '../posttraining/open-quantized.js';
import { storedBytes } from '../posttraining/prepare-table.js';
import type { Result } from './command.js';
import { bytes } from './quantities.js';

/** Describes the file at `path`. @throws UserError when it is damaged */
export async function inspectSafetensors(path: string): Promise<Result> {
  const file = await SafetensorsReader.open(path);
  try {
    const tensors = [...file.tensors.values()].map(({ name, dtype, shape, sizeBytes }) => ({
      name,
      dtype,
      shape,
      sizeBytes,
    }));
    const fileBytes = statSync(path).size;
    const { metadata } = file;
    const quantized = isQuantized(metadata) ? await quantizedTables(path) : undefined;
    const widths = [
      Math.max(...tensors.map(({ name }) => name.length), 6),
      Math.max(...tensors.map(({ shape }) => shapeText(shape).length), 5),
    ];
    const text = [
      `${path}: ${tensors.length} tensors, ${bytes(fileBytes)}`,
      ...tensors.map(
        ({ name, dtype, shape, sizeBytes }) =>
          `  ${name.padEnd(widths[0])}  ${dtype.padEnd(7)} ${shapeText(shape).padEnd(widths[1])}  ${bytes(sizeBytes).padStart(9)}`,
      ),
      ...Object.entries(metadata)
        .filter(([key]) => quantized === undefined || key !== 'tables')
        .map(([key, value]) => `  ${key}: ${value}`),
      ...(quantized?.tables ?? []).map(
        ({ name, rows, dim, method, bits, side, bytes: size }) =>
          `  table '${name}' (${rows}, ${dim}): ${method}, ${bits} bits, ${side} sides, ${bytes(size)} for ${bytes(4 * rows * dim)} of fp32`,
      ),
    ].join('\n');
    return {
      text,
      json: { kind: 'safetensors', path, sizeBytes: fileBytes, metadata, tensors, ...quantized },
    };
  } finally {
    await file.close();
  }
}

/** The tables of a file that `bitrow quantize` made. @throws UserError when they are not what its metadata says */
async function quantizedTables(path: string) {
  const file = await QuantizedFile.open(path);
  await file.close();
  const tables = [...file.tables].map(([name, { method, format }]) => {
    const { kind, bits, side, dim, rows, clusters } = format;
    const size = storedBytes({ layout: file.layout, format });
    return { name, rows, dim, method, bits, side, kind, ...(clusters > 0 ? { clusters } : {}), bytes: size };
  });
  return { layout: file.layout, tables };
}

function shapeText(shape: readonly number[]): string {
  return `(${shape.join(', ')})`;
}
