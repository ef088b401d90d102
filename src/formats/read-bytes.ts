// Reading parts of a file that may be larger than memory.
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../errors.js';

/** Bytes of one read: the system refuses to read 2 GiB at once. */
const READ_BYTES = 1 << 26;

/** @throws UserError when it cannot be opened, or is a directory */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`'${path}' cannot be opened: ${reason}.`);
  }
}

/** Fills `out` from `position` on. @throws what `damaged` makes of the reason, when the file ends before */
export async function readFully(
  file: FileHandle,
  out: Uint8Array,
  position: number,
  damaged: (what: string) => UserError,
): Promise<void> {
  for (let done = 0; done < out.length; ) {
    const length = Math.min(READ_BYTES, out.length - done);
    const { bytesRead } = await file.read(out, done, length, position + done);
    if (bytesRead === 0) throw damaged(`it ends at byte ${position + done}`);
    done += bytesRead;
  }
}
