// Whether a .gz file is whole: DuckDB reads one that is cut short or damaged without a word, as far as it goes.
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../errors.js';

const newline = 10;

/** Reads a .gz file through its checksums. @throws UserError saying after which line it breaks. */
export async function checkGzip(path: string, signal?: AbortSignal): Promise<void> {
  let lines = 0;
  const counter = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines++;
      done();
    },
  });
  try {
    await pipeline(createReadStream(path), createGunzip(), counter, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'Z_BUF_ERROR') {
      throw new UserError(`File '${path}' is cut short after line ${lines}.`, 'copy or download it again');
    }
    if (code === 'Z_DATA_ERROR') {
      throw new UserError(
        lines === 0
          ? `File '${path}' is named .gz but is not compressed by gzip.`
          : `File '${path}' is damaged (its checksum is wrong), line ${lines} or before.`,
        'copy or download it again',
      );
    }
    throw error;
  }
}
