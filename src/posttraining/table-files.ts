// The tables of a .npy or .safetensors file as sources of fp32 rows, read when asked for. fp32, fp16 and (safetensors) bf16;
// two dimensions, (V, D).
import { basename, extname } from 'node:path';
import { UserError } from '../errors.js';
import { type NpyDtype, npyDtypes } from '../formats/npy.js';
import { NpyReader } from '../formats/npy-reader.js';
import { type Dtype, dtypes, type TensorEntry } from '../formats/safetensors.js';
import { SafetensorsReader } from '../formats/safetensors-reader.js';
import { fromHalf } from '../quantization/half.js';
import type { RowSource } from './quantizer.js';

/** A table of a file. */
export interface FileTable extends RowSource {
  /** As the file has it. */
  readonly dtype: string;
  /** Bytes of its values in the file. */
  readonly sizeBytes: number;
}

/** An open file; `close` when done. */
export interface TableFile {
  readonly tables: readonly FileTable[];
  /** Tensors that are no table, with the reason. */
  readonly leftOut: readonly { name: string; reason: string }[];
  close(): Promise<void>;
}

/**
 * Opens a file of tables.
 *
 * @param names of tensors to take, from a .safetensors; all that are tables where none is named
 * @throws UserError when the file is damaged, holds no table, or a named tensor is none
 */
export async function openTables(path: string, names: readonly string[] = []): Promise<TableFile> {
  const extension = extname(path).toLowerCase();
  if (extension === '.safetensors') return openTensors(path, names);
  if (extension !== '.npy') {
    throw new UserError(`'${path}' is neither a .npy nor a .safetensors file, nor a run.`);
  }
  if (names.length > 0)
    throw new UserError(
      `'${path}' has one array without a name: --tensor is for .safetensors.`,
      undefined,
      2,
    );
  return openArray(path);
}

async function openArray(path: string): Promise<TableFile> {
  const file = await NpyReader.open(path);
  try {
    const { dtype, shape, elements } = file.header;
    const reason = npyValues[dtype] === undefined ? `is ${dtype}, not float` : notTwoDimensions(shape);
    if (reason !== undefined) throw new UserError(`The array of '${path}' ${reason}.`, helpOf(reason));
    const table: FileTable = {
      name: basename(path, extname(path)),
      rows: shape[0],
      dim: shape[1],
      dtype,
      sizeBytes: elements * npyDtypes[dtype].bytes,
      read: (first, out) =>
        readValues(npyValues[dtype] ?? 'F32', out, (array) => file.readRange(first * shape[1], array)),
    };
    return { tables: [table], leftOut: [], close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openTensors(path: string, names: readonly string[]): Promise<TableFile> {
  const file = await SafetensorsReader.open(path);
  try {
    refuseOurs(path, file.metadata);
    const tables: FileTable[] = [];
    const leftOut: { name: string; reason: string }[] = [];
    const entries =
      names.length > 0 ? [...new Set(names)].map((name) => file.entry(name)) : file.tensors.values();
    for (const entry of entries) {
      const reason = isValues(entry.dtype) ? notTwoDimensions(entry.shape) : `is ${entry.dtype}, not float`;
      if (reason === undefined) tables.push(tensorTable(file, entry));
      else if (names.length > 0) throw new UserError(`Tensor '${entry.name}' ${reason}.`, helpOf(reason));
      else leftOut.push({ name: entry.name, reason });
    }
    if (tables.length === 0) {
      const held = leftOut.map(({ name, reason }) => `'${name}' ${reason}`).slice(0, 8);
      throw new UserError(
        `'${path}' has no table, a tensor of two dimensions in F32, F16 or BF16: ${held.join('; ') || 'it is empty'}.`,
      );
    }
    return { tables, leftOut, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function tensorTable(file: SafetensorsReader, { name, dtype, shape, sizeBytes }: TensorEntry): FileTable {
  return {
    name,
    rows: shape[0],
    dim: shape[1],
    dtype,
    sizeBytes,
    read: (first, out) =>
      readValues(isValues(dtype) ? dtype : 'F32', out, (array) =>
        file.readRange(name, first * shape[1], array),
      ),
  };
}

/** A file that bitrow wrote is no table to be quantized again. */
function refuseOurs(path: string, { layout, format }: Readonly<Record<string, string>>): void {
  if (layout === 'bitrow-rows' || layout === 'torch-rows') {
    throw new UserError(
      `'${path}' is quantized already (layout ${layout}).`,
      'quantize the fp32 table it was made from',
    );
  }
  if (format?.startsWith('bitrow-')) {
    throw new UserError(`'${path}' is part of a run (${format}).`, 'pass the directory of the run');
  }
}

/** Types that values are read from, by the names of safetensors. */
type ValueDtype = 'F32' | 'F16' | 'BF16';
const npyValues: Partial<Record<NpyDtype, ValueDtype>> = { '<f4': 'F32', '<f2': 'F16' };

function isValues(dtype: Dtype): dtype is ValueDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

function notTwoDimensions(shape: readonly number[]): string | undefined {
  if (shape.length !== 2)
    return `has the shape (${shape.join(', ')}), where a table has two dimensions, (rows, width)`;
  return shape[0] === 0 || shape[1] === 0 ? `is empty: its shape is (${shape.join(', ')})` : undefined;
}

function helpOf(reason: string): string | undefined {
  return reason.includes('not float') ? 'quantize the fp32 table it was made from' : undefined;
}

/** All 65,536 halves. */
let halves: Float32Array | undefined;

/** Fills `out` with values of a type; of 16-bit ones `read` gets the second half of `out`, and they are widened in place. */
async function readValues(
  dtype: ValueDtype,
  out: Float32Array,
  read: (array: Float32Array | Uint16Array) => Promise<void>,
): Promise<void> {
  if (dtype === 'F32') return read(out);
  const half = new dtypes.F16.array(out.buffer, out.byteOffset + 2 * out.length, out.length);
  await read(half);
  // Value i is written to bytes 4i … 4i + 3, of which no later half is in use: half i + 1 begins at byte 2n + 2i + 2 ≥ 4i + 4.
  if (dtype === 'F16') {
    halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromHalf(bits));
    for (let i = 0; i < out.length; i++) out[i] = halves[half[i]];
  } else {
    const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) words[i] = half[i] << 16;
  }
}
