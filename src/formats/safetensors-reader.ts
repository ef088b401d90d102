// Reads tensors of a safetensors file (safetensors.ts), whole or in part, when they are asked for. Files may be
// larger than memory. Assumes a little-endian machine, as every one that Node.js runs on in practice is.
import type { FileHandle } from 'node:fs/promises';
import { UserError, unknownName } from '../errors.js';
import { openFile, readFully } from './read-bytes.js';
import {
  type Dtype,
  damaged,
  decodeHeader,
  dtypes,
  type Header,
  headerLength,
  type TensorEntry,
} from './safetensors.js';

/** An array of one of the `dtypes`, in ordinary or shared memory. */
export type TensorArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** A tensor in memory, row-major. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorArray;
}

/**
 * An open safetensors file; `close` when done.
 *
 * @example
 * const file = await SafetensorsReader.open('model.safetensors');
 * const { data, shape } = await file.readTensor('embedding.weight');
 * await file.close();
 */
export class SafetensorsReader {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly header: Header,
  ) {}

  /** @throws UserError when the file is missing, or its header is damaged: all of it is checked here */
  static async open(path: string): Promise<SafetensorsReader> {
    const refuse = (what: string) => damaged(path, what);
    const file = await openFile(path);
    try {
      const fileBytes = (await file.stat()).size;
      const first = new Uint8Array(8);
      if (fileBytes >= 8) await readFully(file, first, 0, refuse);
      const json = new Uint8Array(headerLength(first, fileBytes, path));
      await readFully(file, json, 8, refuse);
      return new SafetensorsReader(path, file, decodeHeader(json, fileBytes, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** By name, in the order of the header. */
  get tensors(): ReadonlyMap<string, TensorEntry> {
    return this.header.tensors;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  /** @throws UserError for a name that is not in the file: lists those that are */
  entry(name: string): TensorEntry {
    const entry = this.tensors.get(name);
    if (entry === undefined) throw unknownName('tensor', name, [...this.tensors.keys()]);
    return entry;
  }

  /** The whole tensor, in an array of its own. */
  async readTensor(name: string): Promise<Tensor> {
    const { dtype, shape, elements } = this.entry(name);
    const data = allocate(name, dtype, elements);
    await this.readRange(name, 0, data);
    return { dtype, shape, data };
  }

  /**
   * Fills `out` with the tensor's elements from `first` on; `out` may lie in shared memory.
   *
   * @throws UserError when `out` is not of the tensor's dtype, or reaches beyond its end
   */
  async readRange(name: string, first: number, out: TensorArray): Promise<void> {
    const { dtype, elements, fileOffset } = this.entry(name);
    const { bytes, array } = dtypes[dtype];
    if (!(out instanceof array)) {
      throw new UserError(`Tensor '${name}' is ${dtype}: it cannot be read as ${out.constructor.name}.`);
    }
    if (!Number.isSafeInteger(first) || first < 0 || first + out.length > elements) {
      throw new UserError(
        `Elements ${first} to ${first + out.length - 1} are outside tensor '${name}' (elements 0 to ${elements - 1}).`,
      );
    }
    const target = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    await readFully(this.file, target, fileOffset + first * bytes, (what) => damaged(this.path, what));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function allocate(name: string, dtype: Dtype, elements: number): TensorArray {
  try {
    return new dtypes[dtype].array(elements);
  } catch {
    throw new UserError(
      `Tensor '${name}' has ${elements} elements of ${dtype}, too many for one array.`,
      'read it in parts',
    );
  }
}
