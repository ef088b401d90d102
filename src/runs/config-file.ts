// Reads a configuration file (YAML), and remembers where in it everything stands, so that a mistake found later
// can name its line.
import { readFile } from 'node:fs/promises';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { UserError } from '../errors.js';
import type { ConfigLayer, PartialConfig } from './resolve-config.js';

/** @throws UserError when the file cannot be read or is no YAML mapping, with the line */
export async function readConfigFile(path: string): Promise<ConfigLayer> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The configuration '${path}' cannot be read: ${reason}.`, undefined, 2);
  }
  return parseConfigFile(path, text);
}

/** The same, from its text. */
export function parseConfigFile(path: string, text: string): ConfigLayer {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake) {
    const { line } = lines.linePos(mistake.pos[0]);
    throw new UserError(`'${path}', line ${line}: ${mistake.message.replace(/[.\s]*$/, '')}.`, undefined, 2);
  }
  // An empty file says nothing, which is allowed.
  if (document.contents !== null && !isMap(document.contents)) {
    const help = 'its keys are the paths of --set, see `bitrow train --help --json`';
    throw new UserError(`'${path}', line 1: the file is not a mapping of keys to values.`, help, 2);
  }
  return {
    values: (document.toJS() ?? {}) as PartialConfig,
    locate: (keys) => {
      const offset = offsetOf(document, keys);
      return offset === undefined ? `'${path}'` : `'${path}', line ${lines.linePos(offset).line}`;
    },
  };
}

/** Where the last key of a path stands, or as much of the path as there is. */
function offsetOf(document: Document, keys: readonly PropertyKey[]): number | undefined {
  for (let length = keys.length; length > 0; length--) {
    const parent = document.getIn(keys.slice(0, length - 1), true);
    const key = keys[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair && isScalar(pair.key)) return pair.key.range?.[0];
    }
    const node = document.getIn(keys.slice(0, length), true);
    if (isNode(node)) return node.range?.[0];
  }
  return undefined;
}
