// The memory that preparing data may take: its size from a text such as `4GB`, and work cut so that it stays within.
import { totalmem } from 'node:os';
import { UserError } from '../errors.js';

const units = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };
/** Below this DuckDB cannot hold even its buffers for one thread. */
const leastBytes = 100e6;

/** Four gigabytes, or half of the memory where there is less. */
export function defaultMemoryBytes(): number {
  return Math.min(4e9, totalmem() / 2);
}

/** Bytes of a size with a unit. @throws UserError when it is none or below 100MB. @example parseMemory('4GB') // 4e9 */
export function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]i?b)$/i.exec(text.trim());
  const unit = match?.[2]?.toLowerCase() as keyof typeof units | undefined;
  const bytes = unit === undefined ? Number.NaN : Number(match?.[1]) * units[unit];
  if (!(bytes >= leastBytes)) {
    throw new UserError(
      `The memory limit '${text}' is no size of 100MB or more.`,
      'write it as 4GB or 512MiB',
      2,
    );
  }
  return bytes;
}

/** Cuts a list, in its order, into parts that take a quarter of the memory each, or have one entry. */
export function cutBySize<T>(list: readonly T[], bytesOf: (entry: T) => number, memoryBytes: number): T[][] {
  const parts: T[][] = [];
  let free = 0;
  for (const entry of list) {
    const bytes = bytesOf(entry);
    if (bytes > free || parts.length === 0) {
      parts.push([]);
      free = memoryBytes / 4;
    }
    parts.at(-1)?.push(entry);
    free -= bytes;
  }
  return parts;
}
