// The most memory that this process has held at a time.
import { readFileSync } from 'node:fs';

/**
 * The largest resident size of this process so far, in bytes.
 *
 * On Linux what /proc says: `resourceUsage().maxRSS` is handed on from a process to those that it starts, so that a
 * small one with a large parent would report the parent's.
 */
export function peakRss(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return 1024 * Number(kilobytes);
  } catch {
    // Only Linux has it.
  }
  return 1024 * process.resourceUsage().maxRSS;
}
