// A file being written: aside, under its name with `.partial` after it, until it is whole and on the disk. Whoever finds a
// file under that name finds a whole one, even after a crash; a disk that fills up leaves nothing behind.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { syncDirectory } from './sync-directory.js';

/** Bytes of one write: the system refuses to write 2 GiB at once. */
const WRITE_BYTES = 1 << 26;

/** End with `finish`, or `abandon`. */
export class PartialFile {
  private constructor(
    readonly path: string,
    private readonly partial: string,
    private readonly file: FileHandle,
  ) {}

  /** @throws UserError when the path cannot be written */
  static async create(path: string): Promise<PartialFile> {
    const partial = `${path}.partial`;
    try {
      return new PartialFile(path, partial, await open(partial, 'w'));
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  /** Writes bytes at a position; they are free again when the promise resolves. @throws UserError when it cannot */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const length = Math.min(WRITE_BYTES, bytes.length - done);
        done += (await this.file.write(bytes, done, length, position + done)).bytesWritten;
      }
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  /** Gives the file its size; what is not written is zero. @throws UserError when it cannot */
  async resize(fileBytes: number): Promise<void> {
    await this.file.truncate(fileBytes).catch((error) => {
      throw cannotWrite(this.path, error);
    });
  }

  /** Puts the file on the disk, then under its name, replacing one that is there. @throws UserError when it cannot */
  async finish(): Promise<void> {
    try {
      await this.file.sync();
      await this.file.close();
      await rename(this.partial, this.path);
      await syncDirectory(dirname(this.path));
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  /** Gives up: nothing is left behind. */
  async abandon(): Promise<void> {
    await this.file.close();
    await rm(this.partial, { force: true });
  }
}

function cannotWrite(path: string, error: unknown): UserError {
  const reason = error instanceof Error ? error.message : String(error);
  return new UserError(`'${path}' cannot be written: ${reason}.`);
}
