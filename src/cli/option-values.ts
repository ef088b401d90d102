// Reads the values of options: commander's argument parsers that raise the house's errors.
import { UserError } from '../errors.js';

/** A parser for whole numbers from `least` up, to `most`. @throws UserError naming the option, the value and the range. */
export function wholeNumber(
  option: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`;
    throw new UserError(
      `The option ${option} is '${text}', but must be a whole number from ${range}.`,
      undefined,
      2,
    );
  };
}

/** More than any machine has; a slip of the finger asks for more, and gets as many stacks and graphs as it asked for. */
const MOST_THREADS = 1024;

/** The parser of `--threads`. */
export const threadCount = wholeNumber('--threads', 1, MOST_THREADS);

/** A parser for a share: more than 0, at most 1. @throws UserError naming the option, the value and the range. */
export function share(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && value <= 1) return value;
    throw new UserError(
      `The option ${option} is '${text}', but must be more than 0 and at most 1.`,
      undefined,
      2,
    );
  };
}

/** A parser for one of a few words. @throws UserError listing them. */
export function oneOf<T extends string>(option: string, known: readonly T[]): (text: string) => T {
  return (text) => {
    const found = known.find((word) => word === text);
    if (found !== undefined) return found;
    throw new UserError(
      `The option ${option} is '${text}', but must be one of: ${known.join(', ')}.`,
      undefined,
      2,
    );
  };
}

/** A parser for a number above 0, or `never`. @throws UserError naming the option and the value. */
export function positiveOrNever(option: string): (text: string) => number | 'never' {
  return (text) => {
    if (text === 'never') return text;
    const value = Number(text);
    if (/^[\d.]/.test(text) && Number.isFinite(value) && value > 0) return value;
    throw new UserError(
      `The option ${option} is '${text}', but must be a number above 0, or 'never'.`,
      undefined,
      2,
    );
  };
}

/** The value of --jobs: `auto`, or a whole number from 1 up. */
export function jobCount(text: string): number | 'auto' {
  return text === 'auto' ? text : wholeNumber('--jobs', 1)(text);
}
