// What there is to say of a safetensors file: its tensors and its metadata. Only the header is read.
import { statSync } from 'node:fs';
import { SafetensorsReader } from '../formats/safetensors-reader.js';
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
      ...Object.entries(metadata).map(([key, value]) => `  ${key}: ${value}`),
    ].join('\n');
    return { text, json: { kind: 'safetensors', path, sizeBytes: fileBytes, metadata, tensors } };
  } finally {
    await file.close();
  }
}

function shapeText(shape: readonly number[]): string {
  return `(${shape.join(', ')})`;
}
