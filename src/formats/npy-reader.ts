// Reads the array of a .npy file (npy.ts), whole or in part, when it is asked for. Files may be larger than memory. Assumes a
// little-endian machine, as every one that Node.js runs on in practice is.
import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { damagedNpy, decodeNpyHeader, literalPlace, type NpyHeader, npyDtypes, PREFIX_BYTES } from './npy.js';
import { openFile, readFully } from './read-bytes.js';

/** An array of one of the `npyDtypes`. */
export type NpyArray = Float32Array | Uint16Array | Uint8Array;

/**
 * An open .npy file; `close` when done.
 *
 * @example
 * const file = await NpyReader.open('table.npy');
 * const row = new Float32Array(file.header.shape[1]);
 * await file.readRange(0, row);
 * await file.close();
 */
export class NpyReader {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    readonly header: NpyHeader,
  ) {}

  /** @throws UserError when the file is missing, or its header is damaged or of what is not read: all of it is checked here */
  static async open(path: string): Promise<NpyReader> {
    const refuse = (what: string) => damagedNpy(path, what);
    const file = await openFile(path);
    try {
      const fileBytes = (await file.stat()).size;
      const first = new Uint8Array(Math.min(PREFIX_BYTES, fileBytes));
      await readFully(file, first, 0, refuse);
      const { offset, length } = literalPlace(first, fileBytes, path);
      const literal = new Uint8Array(length);
      await readFully(file, literal, offset, refuse);
      return new NpyReader(path, file, decodeNpyHeader(literal, offset, fileBytes, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Fills `out` with the array's elements from `first` on; `out` may lie in shared memory.
   *
   * @throws UserError when `out` is not of the array's type, or reaches beyond its end
   */
  async readRange(first: number, out: NpyArray): Promise<void> {
    const { dtype, elements, dataOffset } = this.header;
    const { bytes, array } = npyDtypes[dtype];
    if (!(out instanceof array)) {
      throw new UserError(`'${this.path}' is ${dtype}: it cannot be read as ${out.constructor.name}.`);
    }
    if (!Number.isSafeInteger(first) || first < 0 || first + out.length > elements) {
      throw new UserError(
        `Elements ${first} to ${first + out.length - 1} are outside '${this.path}' (elements 0 to ${elements - 1}).`,
      );
    }
    const target = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    await readFully(this.file, target, dataOffset + first * bytes, (what) => damagedNpy(this.path, what));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
