// Writes a safetensors file (safetensors.ts) whose tensors are known in advance and whose elements come in chunks.
// It takes its name when it is whole and on the disk (partial-file.ts).
import { UserError, unknownName } from '../errors.js';
import { PartialFile } from './partial-file.js';
import { dtypes, encodeHeader, type TensorEntry, type TensorSpec } from './safetensors.js';
import type { TensorArray } from './safetensors-reader.js';

/**
 * A safetensors file being written. End with `finish`, or `abandon`.
 *
 * @example
 * const file = await SafetensorsWriter.create('out.safetensors', [{ name: 'codes', dtype: 'U8', shape: [2, 2] }]);
 * await file.write('codes', new Uint8Array([1, 2]));
 * await file.write('codes', new Uint8Array([3, 4]));
 * await file.finish();
 */
export class SafetensorsWriter {
  private readonly written = new Map<string, number>();

  private constructor(
    private readonly file: PartialFile,
    private readonly tensors: ReadonlyMap<string, TensorEntry>,
  ) {}

  /** @throws UserError for a name used twice, a shape that is none, or a path that cannot be written */
  static async create(
    path: string,
    tensors: readonly TensorSpec[],
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<SafetensorsWriter> {
    const { bytes, header, fileBytes } = encodeHeader(tensors, metadata);
    const file = await PartialFile.create(path);
    try {
      await file.write(bytes, 0);
      await file.resize(fileBytes);
    } catch (error) {
      await file.abandon();
      throw error;
    }
    return new SafetensorsWriter(file, header.tensors);
  }

  /**
   * Appends elements to a tensor; tensors may take turns. The chunk is free again when the promise resolves.
   *
   * @throws UserError for an unknown name, a chunk of another type, or more elements than the tensor has
   */
  async write(name: string, chunk: TensorArray): Promise<void> {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw unknownName('tensor', name, [...this.tensors.keys()]);
    const { array, bytes } = dtypes[tensor.dtype];
    if (!(chunk instanceof array)) {
      throw new UserError(`Tensor '${name}' is ${tensor.dtype}: it cannot take ${chunk.constructor.name}.`);
    }
    const written = this.written.get(name) ?? 0;
    if (written + chunk.length > tensor.elements) {
      throw new UserError(`Tensor '${name}' has ${tensor.elements} elements, not ${written + chunk.length}.`);
    }
    // Counted before the first wait, so that a second call that does not wait for this one lands behind it.
    this.written.set(name, written + chunk.length);
    const source = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    await this.file.write(source, tensor.fileOffset + written * bytes);
  }

  /**
   * Puts the file on the disk, then under its name, replacing one that is there.
   *
   * @throws UserError when a tensor is not complete; the file is then abandoned
   */
  async finish(): Promise<void> {
    for (const { name, elements } of this.tensors.values()) {
      const written = this.written.get(name) ?? 0;
      if (written === elements) continue;
      await this.abandon();
      throw new UserError(`Tensor '${name}' was given ${written} of its ${elements} elements.`);
    }
    await this.file.finish();
  }

  /** Gives up: nothing is left behind. */
  async abandon(): Promise<void> {
    await this.file.abandon();
  }
}
