// From what the user asks to be compared to variants: a name and a whole configuration each. Layers, later wins:
// defaults, preset, the layers common to all (file, flags, --set), the point of a grid, the method, the variant's own.
// Of the common layers a variant reads what concerns it: options of another method are left to that method's variants.
import { type MethodName, methodNames } from '../embedding/methods.js';
import { UserError } from '../errors.js';
import { readYaml } from '../formats/located-yaml.js';
import type { Config } from '../runs/config.js';
import { type Preset, resolveWithPreset } from '../runs/presets.js';
import type { ConfigLayer, PartialConfig } from '../runs/resolve-config.js';
import { type Grid, gridPoints } from './grid.js';
import { methodOptions, methodOptionsOf, parseMethodName } from './method-name.js';

/** What a comparison compares. */
export interface VariantSpec {
  name: string;
  /** Its `training.seed` is ignored. */
  config: Config;
}

/** A variant as asked for, before the common layers. */
export interface AskedVariant {
  /** As in `--methods`. */
  method: string;
  name?: string | undefined;
  /** Its own options. */
  own?: ConfigLayer | undefined;
}

/** What all variants have in common. */
export interface CommonLayers {
  preset?: Preset | undefined;
  layers: readonly ConfigLayer[];
  grid?: Grid | undefined;
}

/**
 * The variants, in the order asked for; with a grid each method at all points that concern it.
 *
 * @throws UserError for a mistake in any of them
 */
export function resolveVariants(asked: readonly AskedVariant[], common: CommonLayers): VariantSpec[] {
  requireReader(asked, common);
  return asked.flatMap((variant) => {
    const { name, section } = parseMethodName(variant.method);
    const points = common.grid ? gridPoints(common.grid, name) : [{ name: '', values: {} }];
    return points.map((point) => ({
      name: [variant.name ?? variant.method.trim(), point.name].filter((part) => part !== '').join(' '),
      config: resolve(name, section, point.values, variant, common),
    }));
  });
}

/** A list as in `--methods`, separated by commas. @throws UserError for a place that is empty */
export function parseMethods(list: string): AskedVariant[] {
  return list.split(',').map((method) => {
    if (method.trim() !== '') return { method: method.trim() };
    throw new UserError(`The list '${list}' has an empty place.`, 'write it like full,alpt:8,alpt:4', 2);
  });
}

function resolve(
  method: MethodName,
  section: PartialConfig,
  point: PartialConfig,
  { own }: AskedVariant,
  { preset, layers, grid }: CommonLayers,
): Config {
  const mine: ConfigLayer[] = [
    ...layers.map((layer) => ({ ...layer, values: withoutOthers(layer.values, method) })),
    { values: point, ...(grid && { locate: grid.locate }) },
    { values: { method: section } },
    ...(own ? [own] : []),
  ];
  return resolveWithPreset(preset, mine);
}

/** Without the sections of other methods. */
function withoutOthers(values: PartialConfig, method: MethodName): PartialConfig {
  const isOther = (key: string) => key !== method && methodNames.some((name) => name === key);
  return Object.fromEntries(Object.entries(values).filter(([key]) => !isOther(key)));
}

/** An option that is given by hand must mean something to one of the methods at least. */
function requireReader(asked: readonly AskedVariant[], { layers, grid }: CommonLayers): void {
  const names = asked.map(({ method }) => parseMethodName(method).name);
  const said = [...layers.filter(({ locate }) => !locate).map(({ values }) => values), grid?.values ?? {}];
  for (const values of said) {
    for (const option of methodOptionsOf(values.method)) {
      const { isRead, has } = methodOptions[option];
      if (names.some(isRead)) continue;
      throw new UserError(
        `None of the methods (${[...new Set(names)].join(', ')}) ${has}, so method.${option} means nothing.`,
        `leave it out, or compare one that has: ${methodNames.filter(isRead).join(', ')}`,
        2,
      );
    }
    const other = methodNames.find((method) => method in values && !names.includes(method));
    if (other === undefined) continue;
    const option = [other, ...Object.keys(Object(values[other])).slice(0, 1)].join('.');
    throw new UserError(
      `None of the methods (${[...new Set(names)].join(', ')}) reads ${option}.`,
      `leave it out, or compare '${other}' too`,
      2,
    );
  }
}

/**
 * A file of variants: `variants:`, a list of `{ method: alpt:4, name: tuned, set: { alpt: { firstStep: 0.006 } } }`;
 * `name` and `set` may be left out.
 *
 * @throws UserError with the line of a mistake
 */
export async function readVariants(path: string): Promise<AskedVariant[]> {
  const help =
    'it holds `variants:` and a list of { method: alpt:4, name: tuned, set: { alpt: { firstStep: 0.006 } } }';
  const { values, locate } = await readYaml(path, { kind: 'file of variants', help });
  const wrong = (keys: readonly PropertyKey[], what: string) =>
    new UserError(`${locate(keys)}: ${what}`, help, 2);
  const { variants, ...rest } = values;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw wrong([extra], `Unknown key '${extra}' (known: variants).`);
  if (!Array.isArray(variants) || variants.length === 0)
    throw wrong(['variants'], 'variants is no list of variants.');
  return variants.map((entry: unknown, i): AskedVariant => {
    const at = ['variants', i];
    if (!isSection(entry)) throw wrong(at, 'a variant is no mapping.');
    const { method, name, set, ...others } = entry;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined)
      throw wrong([...at, unknown], `Unknown key '${unknown}' (known: method, name, set).`);
    if (typeof method !== 'string')
      throw wrong([...at, 'method'], 'a variant has no method, such as alpt:4.');
    if (name !== undefined && (typeof name !== 'string' || name.trim() === '')) {
      throw wrong([...at, 'name'], 'a name is a text.');
    }
    if (set === undefined) return { method, name };
    if (!isSection(set)) throw wrong([...at, 'set'], 'set is no mapping of options.');
    requireOwnOptions(set, parseMethodName(method).name, (keys, what) =>
      wrong([...at, 'set', ...keys], what),
    );
    return { method, name, own: { values: set, locate: (keys) => locate([...at, 'set', ...keys]) } };
  });
}

/** A variant says its method, bits and rounding in `method`, no seed, and no options of other methods. */
function requireOwnOptions(
  set: PartialConfig,
  method: MethodName,
  wrong: (keys: readonly PropertyKey[], what: string) => UserError,
): void {
  const options = methodOptionsOf(set.method);
  if ('method' in set && (!isSection(set.method) || options.length < Object.keys(set.method).length))
    throw wrong(['method'], 'the method stands in `method`, such as alpt:4:deterministic.');
  const unread = options.find((option) => !methodOptions[option].isRead(method));
  if (unread !== undefined)
    throw wrong(['method', unread], `rows of the method '${method}' ${methodOptions[unread].lacks}.`);
  if (isSection(set.training) && 'seed' in set.training)
    throw wrong(['training', 'seed'], 'seeds are --seeds.');
  const other = methodNames.find((name) => name !== method && name in set);
  if (other !== undefined)
    throw wrong([other], `the method '${method}' does not read the options of '${other}'.`);
}

function isSection(value: unknown): value is PartialConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
