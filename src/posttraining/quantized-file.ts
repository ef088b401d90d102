// Files of quantized tables. A .safetensors holds any number of tables in any layout, and says in its metadata which: `layout`,
// `version`, and of each table method, bits, side and shape. A .npy holds the bytes of one table in torch-rows, and nothing that
// says so: PyTorch reads it as it is. Reading them is open-quantized.ts.
import { extname } from 'node:path';
import { UserError } from '../errors.js';
import { NpyWriter } from '../formats/npy-writer.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { type LayoutName, layouts } from './layouts/registry.js';
import { type PreparedTable, partsOf } from './prepare-table.js';
import type { TableSink } from './quantize-table.js';

/** A file being written. End with `finish`, or `abandon`. */
export interface QuantizedFileWriter {
  /** Takes the arrays of a table. */
  sink(table: PreparedTable): TableSink;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** What `--out` may be called. @throws UserError */
export function checkOutput(path: string, layout: LayoutName, tables: number): void {
  const extension = extname(path).toLowerCase();
  if (extension === '.safetensors') return;
  if (extension !== '.npy') {
    throw new UserError(
      `The output '${path}' must end in .safetensors or, for --layout torch-rows, in .npy.`,
      undefined,
      2,
    );
  }
  if (layout !== 'torch-rows') {
    throw new UserError(
      `The output '${path}' is a .npy file, which holds one array: layout ${layout} has several.`,
      'write a .safetensors file, or pass --layout torch-rows',
      2,
    );
  }
  if (tables > 1) {
    throw new UserError(
      `The output '${path}' is a .npy file, which holds one array, not ${tables} tables.`,
      'write a .safetensors file, or pass --tensor NAME',
      2,
    );
  }
}

/**
 * Begins a file of tables, all in one layout.
 *
 * @param about what else the metadata of a .safetensors says
 * @throws UserError when it cannot be written
 */
export async function createQuantizedFile(
  path: string,
  tables: readonly PreparedTable[],
  about: Readonly<Record<string, string>> = {},
): Promise<QuantizedFileWriter> {
  const [{ layout, format }] = tables;
  if (extname(path).toLowerCase() === '.npy') {
    checkOutput(path, layout, tables.length);
    const [{ shape }] = layouts['torch-rows'].rowParts(format);
    const file = await NpyWriter.create(path, '|u1', shape);
    return {
      sink: () => ({ write: (_part, chunk) => file.write(bytesOf(chunk)) }),
      finish: () => file.finish(),
      abandon: () => file.abandon(),
    };
  }
  const specs = tables.flatMap((each) =>
    partsOf(each).map(({ suffix, dtype, shape }) => ({ name: `${each.table.name}${suffix}`, dtype, shape })),
  );
  const file = await SafetensorsWriter.create(path, specs, { ...about, ...metadataOf(layout, tables) });
  return {
    sink: ({ table }) => ({ write: ({ suffix }, chunk) => file.write(`${table.name}${suffix}`, chunk) }),
    finish: () => file.finish(),
    abandon: () => file.abandon(),
  };
}

function metadataOf(layout: LayoutName, tables: readonly PreparedTable[]): Record<string, string> {
  const described = tables.map(({ table, method, format }) => [table.name, { method, ...format }]);
  return {
    layout,
    version: String(layouts[layout].version),
    // Written by hand: an object would put names that look like numbers first, and lose `__proto__`.
    tables: `{${described.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  };
}

function bytesOf(chunk: TensorArray): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('Fused rows are bytes.');
}
