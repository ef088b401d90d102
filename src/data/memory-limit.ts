// Reads a size such as `4GB`: the memory that preparing data may take.
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
