// What a checkpoint's metadata says of the codes of its table, and whether that is what a configuration expects.
import type { TableMemory } from '../embedding/table-memory.js';
import { UserError } from '../errors.js';

/** What the metadata of a file says of codes. */
interface GridMetadata {
  bits: string;
  tableStep: string;
  servedBits?: string;
  hotBits?: string;
  hotStep?: string;
}

/**
 * What the bytes of codes mean. Nested ones: `bits` of a code are stored, the upper `servedBits` are what is seen. Hot rows
 * have a width and a step of their own.
 */
export function gridMetadata({ spec }: TableMemory): GridMetadata {
  const { bits, tableStep, nestedShift, hot } = spec.storage;
  return {
    bits: String(bits),
    tableStep: String(tableStep),
    ...(nestedShift && { servedBits: String(bits - nestedShift) }),
    ...(hot && { hotBits: String(hot.bits), hotStep: String(hot.tableStep) }),
  };
}

/** @throws UserError where a file's codes mean something else than those of the table it is to be loaded into */
export function requireGrid(
  path: string,
  metadata: Readonly<Record<string, string>>,
  expected: GridMetadata,
): void {
  const [was, is] = [metadata, expected].map(
    ({ bits, servedBits = bits, tableStep }) => [bits, servedBits, tableStep] as const,
  );
  if (!was.every((value, i) => value === is[i])) {
    const text = ([bits, served]: readonly string[]) =>
      served === bits ? `${bits} bits` : `${bits} bits (${served} of them served)`;
    throw new UserError(
      `'${path}' has rows of ${text(was)} and step ${was[2]} (expected ${text(is)} and ${is[2]}): it is of another configuration.`,
    );
  }
  if (metadata.hotBits === expected.hotBits && metadata.hotStep === expected.hotStep) return;
  const [wasHot, isHot] = [metadata, expected].map(
    ({ hotBits = 'no', hotStep = 'none' }) => [hotBits, hotStep] as const,
  );
  throw new UserError(
    `'${path}' has hot rows of ${wasHot[0]} bits and step ${wasHot[1]} (expected ${isHot[0]} and ${isHot[1]}): it is of another configuration.`,
  );
}
