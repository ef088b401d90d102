// Writes a .npy file (npy.ts) whose shape is known in advance and whose elements come in chunks. It takes its name when it is
// whole and on the disk (partial-file.ts).
import { UserError } from '../errors.js';
import { encodeNpyHeader, type NpyDtype, npyDtypes } from './npy.js';
import type { NpyArray } from './npy-reader.js';
import { PartialFile } from './partial-file.js';

/**
 * A .npy file being written. End with `finish`, or `abandon`.
 *
 * @example
 * const file = await NpyWriter.create('rows.npy', '|u1', [2, 12]);
 * await file.write(new Uint8Array(24));
 * await file.finish();
 */
export class NpyWriter {
  /** Elements. */
  private written = 0;

  private constructor(
    private readonly file: PartialFile,
    private readonly dtype: NpyDtype,
    private readonly elements: number,
    private readonly dataOffset: number,
  ) {}

  /** @throws UserError for a shape that is none, or a path that cannot be written */
  static async create(path: string, dtype: NpyDtype, shape: readonly number[]): Promise<NpyWriter> {
    const header = encodeNpyHeader(dtype, shape);
    const file = await PartialFile.create(path);
    try {
      await file.write(header, 0);
    } catch (error) {
      await file.abandon();
      throw error;
    }
    const elements = shape.reduce((product, extent) => product * extent, 1);
    return new NpyWriter(file, dtype, elements, header.length);
  }

  /**
   * Appends elements. The chunk is free again when the promise resolves.
   *
   * @throws UserError for a chunk of another type, or more elements than the array has
   */
  async write(chunk: NpyArray): Promise<void> {
    const { array, bytes } = npyDtypes[this.dtype];
    if (!(chunk instanceof array)) {
      throw new UserError(`The array is ${this.dtype}: it cannot take ${chunk.constructor.name}.`);
    }
    if (this.written + chunk.length > this.elements) {
      throw new UserError(`The array has ${this.elements} elements, not ${this.written + chunk.length}.`);
    }
    const position = this.dataOffset + this.written * bytes;
    // Counted before the first wait, so that a second call that does not wait for this one lands behind it.
    this.written += chunk.length;
    await this.file.write(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength), position);
  }

  /** Puts the file on the disk under its name. @throws UserError when it is not complete; it is then abandoned */
  async finish(): Promise<void> {
    if (this.written !== this.elements) {
      await this.abandon();
      throw new UserError(`The array was given ${this.written} of its ${this.elements} elements.`);
    }
    await this.file.finish();
  }

  /** Gives up: nothing is left behind. */
  async abandon(): Promise<void> {
    await this.file.abandon();
  }
}
