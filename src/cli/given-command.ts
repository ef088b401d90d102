// The command that was given, as it can be typed again: what a report names as the way to repeat it.
import { shellWord } from './train-summary.js';

/** @param given options by their camel-case names, `undefined` and `false` where they were not */
export function givenCommand(command: string, given: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(given).flatMap(([name, value]): string[] => {
    if (value === undefined || value === false) return [];
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [flag];
    return [flag, ...[value].flat().map((each) => shellWord(String(each)))];
  });
  return [`bitrow ${command}`, ...words].join(' ');
}
