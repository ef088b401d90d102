// From what the user gave to a whole configuration. Later wins: defaults, preset, file, flags, --set.
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { type Config, configSchema } from './config.js';
import { whoHas, withoutRenamed } from './renamed-sections.js';

/** A configuration with parts left out; keys are the paths of `--set`. */
export type PartialConfig = { [key: string]: unknown };

/** One source of options; `locate` says where in it a path stands, for messages. */
export interface ConfigLayer {
  values: PartialConfig;
  /** What it is, as the beginning of a sentence: `The preset 'criteo'`. */
  source?: string;
  locate?: (path: readonly PropertyKey[]) => string;
}

/** Merges nested objects; values and lists of later ones win. */
export function merge(...layers: readonly PartialConfig[]): PartialConfig {
  const merged: PartialConfig = {};
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      if (value === undefined) continue;
      const old = Object.hasOwn(merged, key) ? merged[key] : undefined;
      Object.defineProperty(merged, key, {
        value: isSection(old) && isSection(value) ? merge(old, value) : value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return merged;
}

function isSection(value: unknown): value is PartialConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `path.to.option=value` as a partial configuration; the value is read as YAML. */
export function parseSetting(setting: string): PartialConfig {
  const at = setting.indexOf('=');
  const path = setting.slice(0, at).split('.');
  if (at < 1 || path.includes('')) {
    throw new UserError(`--set takes path.to.option=value, not '${setting}'.`, undefined, 2);
  }
  let value: unknown;
  try {
    value = parse(setting.slice(at + 1));
  } catch {
    throw new UserError(`The value of '${setting}' is not YAML.`, undefined, 2);
  }
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as PartialConfig;
}

/**
 * A whole configuration from partial ones: later ones win, what none of them says has its default.
 *
 * @throws UserError naming the path, the value and what is allowed
 * @example
 * resolveConfig({ method: { name: 'alpt', bits: 4 } }, parseSetting('training.epochs=3'));
 */
export function resolveConfig(...layers: readonly PartialConfig[]): Config {
  return resolveLayers(layers.map((values) => ({ values })));
}

/** As `resolveConfig`; a mistake also says where it stands, when the layer it comes from can tell. */
export function resolveLayers(given: readonly ConfigLayer[]): Config {
  const { layers } = withoutRenamed(given);
  const merged = merge(...layers.map(({ values }) => values));
  const result = configSchema.safeParse(merged);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue.path;
  const place = layers.findLast(({ values }) => has(values, path))?.locate?.(path);
  const sentence = describe(issue, merged);
  // Where a schema has a message of its own it is the help.
  const help = issue.code === 'unrecognized_keys' ? whoHas(path) : /^help: (.*)$/.exec(issue.message)?.[1];
  throw new UserError(place === undefined ? sentence : `${place}: ${sentence}`, help, 2);
}

function has(values: PartialConfig, path: readonly PropertyKey[]): boolean {
  let section: unknown = values;
  for (const key of path) {
    if (typeof section !== 'object' || section === null || !Object.hasOwn(section, key)) return false;
    section = (section as Record<PropertyKey, unknown>)[key];
  }
  return true;
}

function describe(issue: z.core.$ZodIssue, config: PartialConfig): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = [path, issue.keys[0]].filter((part) => part !== '').join('.');
    const known = knownKeys(issue.path, config);
    return `Unknown option '${unknown}' (known here: ${known.join(', ')}).`;
  }
  const value = issue.path.reduce<unknown>(
    (section, key) =>
      typeof section === 'object' && section !== null
        ? (section as Record<PropertyKey, unknown>)[key]
        : undefined,
    config,
  );
  return `${path} is ${JSON.stringify(value) ?? 'not given'} (${allowed(issue)}).`;
}

/** The allowed range, from what zod knows of the failed check. */
function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `allowed: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `allowed: ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `allowed: ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_type':
      return `allowed: a value of type ${issue.expected}`;
    case 'invalid_union': {
      const choices = issue.errors.flat().flatMap((inner) => ('values' in inner ? inner.values : []));
      if (choices.length > 0) return `allowed: ${choices.map(String).join(', ')}`;
      return 'note' in issue && 'options' in issue
        ? `allowed: ${String(issue.options)}`
        : 'not one of the known ones';
    }
    default:
      return issue.message;
  }
}

/** Keys of the section at `path`, from the schema's own defaults for the chosen names. */
function knownKeys(path: readonly PropertyKey[], config: PartialConfig): string[] {
  const names: PartialConfig = {};
  for (const section of ['model', 'optimizer'] as const) {
    const given = config[section];
    if (isSection(given) && typeof given.name === 'string') names[section] = { name: given.name };
  }
  const parsed = configSchema.safeParse(names);
  let section: unknown = parsed.success ? parsed.data : configSchema.parse({});
  for (const key of path) section = isSection(section) ? section[String(key)] : undefined;
  return isSection(section) ? Object.keys(section) : [];
}

/** The JSON Schema of a configuration. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
