// A YAML file that people write: its values, and where in the file each of them stands, so that a mistake found
// later can name its line. What the values mean is the caller's business.
import { readFile } from 'node:fs/promises';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { UserError } from '../errors.js';

export interface LocatedYaml {
  values: Record<string, unknown>;
  /** `'my.yaml', line 3`: where the last key of a path stands, or as much of the path as there is. */
  locate: (path: readonly PropertyKey[]) => string;
}

/** What kind of file it is (`configuration`, `schema`), and what to do when it is no mapping. */
export interface YamlKind {
  kind: string;
  help: string;
}

/** @throws UserError when the file cannot be read or is no YAML mapping, with the line */
export async function readYaml(path: string, what: YamlKind): Promise<LocatedYaml> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The ${what.kind} '${path}' cannot be read: ${reason}.`, undefined, 2);
  }
  return parseYaml(path, text, what);
}

/** The same, from its text. */
export function parseYaml(path: string, text: string, { help }: YamlKind): LocatedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake) {
    const { line } = lines.linePos(mistake.pos[0]);
    throw new UserError(`'${path}', line ${line}: ${mistake.message.replace(/[.\s]*$/, '')}.`, undefined, 2);
  }
  // An empty file says nothing, which is allowed.
  if (document.contents !== null && !isMap(document.contents)) {
    throw new UserError(`'${path}', line 1: the file is not a mapping of keys to values.`, help, 2);
  }
  return {
    values: (document.toJS() ?? {}) as Record<string, unknown>,
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
