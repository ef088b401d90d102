// SHA-256 of a file, as 64 hexadecimal digits.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Bytes of one read. */
const BLOCK_BYTES = 1 << 20;

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    // One block for the whole file: a stream's blocks would wait for the garbage collector.
    const block = new Uint8Array(BLOCK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, block.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
