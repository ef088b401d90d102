// A method as it is written in `--methods`: `full`, `alpt:8`, `lpt:4:deterministic`.
import {
  hasRowSteps,
  hasTiers,
  type MethodName,
  methodNames,
  methods,
  onlyRounding,
} from '../embedding/methods.js';
import { UserError, unknownName } from '../errors.js';
import { type CodeBits, codeBits } from '../quantization/grid.js';
import type { PartialConfig } from '../runs/resolve-config.js';

const roundings = ['stochastic', 'deterministic'];

const tiers = {
  isRead: hasTiers,
  has: 'has hot rows',
  lacks: 'are all stored alike',
};

/**
 * Options of the section `method` that have no place in such a name, and so may be set, or varied by a grid: the methods
 * that read them, what these have, and what the rows of the others lack.
 */
export const methodOptions = {
  stepType: {
    isRead: hasRowSteps,
    has: 'has a step in each row of codes',
    lacks: 'have no step of their own in few bits',
  },
  hotBits: tiers,
  hotShare: tiers,
} satisfies Record<string, { isRead: (method: MethodName) => boolean; has: string; lacks: string }>;
export type MethodOption = keyof typeof methodOptions;

/** Whether an option of the section `method` is one of those. */
export function isMethodOption(option: string): option is MethodOption {
  return Object.hasOwn(methodOptions, option);
}

/** Those of a section `method`, which may be none at all. */
export function methodOptionsOf(section: unknown): MethodOption[] {
  return Object.keys(Object(section)).filter(isMethodOption);
}

/**
 * `name[:bits][:rounding]` as the section `method` of a configuration; what is not said is left out.
 *
 * @throws UserError listing the methods, widths or roundings there are, or where a method has none
 */
export function parseMethodName(text: string): { name: MethodName; section: PartialConfig } {
  const [name, ...parts] = text.trim().split(':');
  const known = methodNames.find((method) => method === name);
  if (known === undefined) throw unknownName('method', name, methodNames);
  const section: PartialConfig = { name: known };
  for (const part of parts) {
    const option = roundings.includes(part) ? 'rounding' : 'bits';
    if (option in section) {
      throw new UserError(`'${text}' says its ${option === 'bits' ? 'width' : option} twice.`, form, 2);
    }
    section[option] = option === 'rounding' ? part : bitsOf(text, part);
  }
  if (parts.length > 0 && !methods[known].isQuantized) {
    const meaning = 'bits' in section ? 'has no width to choose' : 'rounds nothing';
    const quantized = methodNames.filter((method) => methods[method].isQuantized);
    throw new UserError(
      `The method '${known}' ${meaning}, so '${text}' means nothing.`,
      `write '${known}', or choose a method with a width: ${quantized.join(', ')}`,
      2,
    );
  }
  const only = onlyRounding(known);
  if (only !== null && 'rounding' in section && section.rounding !== only) {
    throw new UserError(
      `The rounding of method '${known}' is ${only}, not ${section.rounding}.`,
      `write '${text.replace(`:${section.rounding}`, '')}'`,
      2,
    );
  }
  return { name: known, section };
}

const form = 'a method is written NAME, NAME:BITS or NAME:BITS:ROUNDING, such as alpt:8:deterministic';

function bitsOf(text: string, part: string): CodeBits {
  const bits = codeBits.find((width) => String(width) === part);
  if (bits !== undefined) return bits;
  if (/^\d+$/.test(part)) {
    throw new UserError(`'${text}' has ${part} bits (allowed: ${codeBits.join(', ')}).`, form, 2);
  }
  throw new UserError(
    `'${part}' in '${text}' is no width (${codeBits.join(', ')}) and no rounding (${roundings.join(', ')}).`,
    form,
    2,
  );
}
