// Where a served model comes from: `[NAME[@VERSION]=]PATH`. Names and versions stand in addresses and labels, so they
// are of few characters, and a name is looked up among those that were given: it never becomes a path.
import { basename, resolve } from 'node:path';
import { UserError } from '../errors.js';

export interface ModelSource {
  name: string;
  /** As it was given; null for a model whose version is the checksum of what lies at its path. */
  version: string | null;
  path: string;
}

const word = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * Reads the arguments of `bitrow serve`.
 *
 * @example
 * parseModelSources(['ctr=runs/a']) // [{ name: 'ctr', version: null, path: 'runs/a' }]
 * @throws UserError for a name that cannot stand in an address, or the same model twice
 */
export function parseModelSources(args: readonly string[]): ModelSource[] {
  const sources = args.map(parseModelSource);
  const seen = new Set<string>();
  for (const { name, version } of sources) {
    const key = version === null ? name : `${name}@${version}`;
    if (seen.has(key)) {
      throw new UserError(
        `The model '${key}' is given twice.`,
        `give each a name (NAME=PATH), or versions of one name (${name}@1=PATH ${name}@2=PATH)`,
        2,
      );
    }
    seen.add(key);
  }
  return sources;
}

function parseModelSource(arg: string): ModelSource {
  const [, label, path] = /^(?:([^=/\\]*)=)?(.+)$/s.exec(arg) ?? [];
  if (path === undefined) throw new UserError(`The model '${arg}' has no path.`, 'give [NAME=]PATH', 2);
  const [name, version = null, ...more] = label === undefined ? [basename(resolve(path))] : label.split('@');
  for (const part of [name, ...(version === null ? [] : [version]), ...more]) {
    if (word.test(part) && more.length === 0) continue;
    throw new UserError(
      `The model '${arg}' has the name '${label ?? name}' (allowed: NAME or NAME@VERSION, each 1 to 64 letters, digits, _ . or -, the first a letter or digit).`,
      `give it a name: ctr=${path}`,
      2,
    );
  }
  return { name, version, path };
}
