// A grid: a configuration with lists as values. Its points are the product of all lists; a method has those of the
// options that concern it.
import { type MethodName, methodNames } from '../embedding/methods.js';
import { UserError } from '../errors.js';
import { type LocatedYaml, parseYaml, readYaml } from '../formats/located-yaml.js';
import { configSchema } from '../runs/config.js';
import { merge, type PartialConfig } from '../runs/resolve-config.js';
import { isMethodOption, methodOptions } from './method-name.js';

export type Grid = LocatedYaml;

/** One point: `alpt.firstStep=0.006 alpt.stepLearningRate=0.0001` and the same as a configuration. */
export interface GridPoint {
  /** The options that the grid varies; empty where it varies none of the method's. */
  name: string;
  values: PartialConfig;
}

const what = {
  kind: 'grid',
  help: 'its keys are those of a configuration, with lists of values',
};

/** @throws UserError when the file cannot be read, is no YAML mapping, or varies what has an option of its own */
export async function readGrid(path: string): Promise<Grid> {
  return checked(await readYaml(path, what));
}

/** The same, from its text. */
export function parseGrid(path: string, text: string): Grid {
  return checked(parseYaml(path, text, what));
}

/** The points that a method has, in the order of the file: the last option varies fastest. */
export function gridPoints(grid: Grid, method: MethodName): GridPoint[] {
  let points: GridPoint[] = [{ name: '', values: {} }];
  for (const { path, values, isVaried } of axes(grid.values, [])) {
    if (path[0] !== method && methodNames.some((name) => name === path[0])) continue;
    if (path[0] === 'method' && !(isMethodOption(path[1]) && methodOptions[path[1]].isRead(method))) continue;
    points = points.flatMap((point) =>
      values.map((value) => ({
        name: isVaried ? `${point.name} ${path.join('.')}=${shown(value)}`.trim() : point.name,
        values: merge(point.values, nested(path, value)),
      })),
    );
  }
  return points;
}

interface Axis {
  path: string[];
  values: unknown[];
  isVaried: boolean;
}

function axes(section: PartialConfig, path: string[]): Axis[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const at = [...path, key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return axes(value as PartialConfig, at);
    const values = isChoice(at, value) ? value : [value];
    return [{ path: at, values, isVaried: values.length > 1 }];
  });
}

/** Of an option that is a list itself, such as `model.hidden`, a list of lists is a choice and a plain list one value. */
function isChoice(path: readonly string[], value: unknown): value is unknown[] {
  if (!Array.isArray(value)) return false;
  const usual = path.reduce<unknown>(
    (section, key) =>
      typeof section === 'object' && section !== null ? (section as PartialConfig)[key] : undefined,
    configSchema.parse({}),
  );
  return !Array.isArray(usual) || value.some(Array.isArray);
}

function checked(grid: Grid): Grid {
  for (const { path, values } of axes(grid.values, [])) {
    const wrong = (sentence: string) => new UserError(`${grid.locate(path)}: ${sentence}`, undefined, 2);
    if (values.length === 0) throw wrong(`${path.join('.')} is an empty list.`);
    if (path[0] === 'method' && !isMethodOption(path[1]))
      throw wrong(`the methods and their widths stand in --methods, not in a grid.`);
    if (path.join('.') === 'training.seed') throw wrong('seeds are --seeds, not part of a grid.');
  }
  return grid;
}

function nested(path: readonly string[], value: unknown): PartialConfig {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as PartialConfig;
}

function shown(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(',')}]` : String(value);
}
