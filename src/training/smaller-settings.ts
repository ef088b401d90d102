// Settings that take less memory than those of a configuration, in the order in which they are to be tried: smaller
// state of rows, then fewer bits, then a smaller width. Nothing is named here: rules, methods and widths come from their
// registries, and which options change the bytes of a row is found by trying them. What a setting does to accuracy
// nobody knows before it is trained; with the fewest changes comes first.
import { z } from 'zod';
import { isQuantized, rowLayout, type Storage } from '../embedding/layout.js';
import type { Method } from '../embedding/method.js';
import { type MethodName, methodNames, methods } from '../embedding/methods.js';
import { UserError } from '../errors.js';
import { type OptimizerName, optimizerNames, optimizers } from '../optimizers/registry.js';
import { codeBits } from '../quantization/grid.js';
import { type Config, configSchema } from '../runs/config.js';
import { configHotBits } from '../runs/config-method.js';
import { merge, type PartialConfig } from '../runs/resolve-config.js';
import { createMethod, createRowOptimizer } from '../scoring/blueprint.js';
import { methodWordOptions, type WordOption, wordOptions } from './word-options.js';

/** A smaller setting: as it is typed, and what it makes of the configuration. */
export interface SmallerSetting {
  /** As for the command line: `--bits 4 --set optimizer.name=rowwise-adagrad`. */
  flags: string;
  config: Config;
}

/** One change: what is typed, and the keys that it sets. */
interface Change {
  flag: string;
  values: PartialConfig;
}

/** A configuration made from another by some changes, and the bytes of its row. */
interface Variant extends SmallerSetting {
  changes: readonly Change[];
  rowBytes: number;
}

/** The widths that are proposed: at 16 bits little is won. */
const proposedBits = codeBits.filter((bits) => bits === 8 || bits === 4).reverse();

/**
 * Settings with smaller rows than the configuration's.
 *
 * @param keepsMethod method and bits stay as they are, for those who ask for several
 */
export function* smallerSettings(config: Config, keepsMethod = false): Generator<SmallerSetting> {
  const own = variantOf(config, []);
  if (!own) return;
  let smallest = own;
  const states = withStates(own);
  yield* smallerThan(own, states);
  smallest = smallestOf([own, ...states]);
  for (const bits of keepsMethod ? [] : proposedBits) {
    const narrow = methodsToTry(config)
      .flatMap((name) => variantOf(config, methodChanges(config, name, bits)) ?? [])
      .filter(({ rowBytes }) => rowBytes < own.rowBytes)
      .flatMap((variant) => [variant, ...withStates(variant)]);
    yield* smallerThan(own, narrow);
    smallest = smallestOf([smallest, ...narrow]);
  }
  yield* smallerDims(config, smallest.changes);
}

function* smallerDims(config: Config, changes: readonly Change[]): Generator<SmallerSetting> {
  for (let dim = Math.floor(config.model.dim / 2); dim >= 1; dim = Math.floor(dim / 2)) {
    const variant = variantOf(config, [...changes, { flag: `--dim ${dim}`, values: { model: { dim } } }]);
    if (variant) yield variant;
  }
}

/** Those that are smaller: with the fewest changes first, of those the largest. */
function smallerThan({ rowBytes }: Variant, variants: readonly Variant[]): Variant[] {
  return variants
    .filter((variant) => variant.rowBytes < rowBytes)
    .sort((a, b) => a.changes.length - b.changes.length || b.rowBytes - a.rowBytes);
}

function smallestOf(variants: readonly Variant[]): Variant {
  return variants.reduce((least, variant) => (variant.rowBytes < least.rowBytes ? variant : least));
}

/** The method itself if it stores codes, then the default one, then the others that do. */
function methodsToTry({ method }: Config): MethodName[] {
  const names = new Set([method.name, configSchema.parse({}).method.name, ...methodNames]);
  return [...names].filter((name) => methods[name].isQuantized);
}

function methodChanges({ method }: Config, name: MethodName, bits: number): Change[] {
  const changes: Change[] = [];
  if (name !== method.name) changes.push({ flag: `--method ${name}`, values: { method: { name } } });
  const hasBits = methods[method.name].isQuantized;
  if (!hasBits || bits !== method.bits) {
    changes.push({ flag: `--bits ${bits}`, values: { method: { bits } } });
  }
  return changes;
}

/** A variant in every smaller state that its optimizer, another one, and its method have. */
function withStates(variant: Variant): Variant[] {
  const { config, changes } = variant;
  const rules = optimizerNames.flatMap((name) => ruleChanges(config, name));
  const own = combinations(
    methodWordOptions(config.method.name)
      .map((option) => changesOf(config, option))
      .filter(isSmaller(variant)),
  );
  return rules.flatMap((rule) =>
    own.flatMap((of) => (rule.length + of.length > 0 ? (variantFrom(variant, [...rule, ...of]) ?? []) : [])),
  );

  function variantFrom({ config: base }: Variant, more: readonly Change[]): Variant | undefined {
    return variantOf(base, more, changes);
  }
}

/** Rules of a name with each combination of those options that change the bytes of their state; first, none of them. */
function ruleChanges(config: Config, name: OptimizerName): Change[][] {
  const isOther = name !== config.optimizer.name;
  const rename: Change[] = isOther
    ? [{ flag: `--set optimizer.name=${name}`, values: { optimizer: { name } } }]
    : [];
  const base = variantOf(config, rename);
  if (!base) return [];
  const choices = wordOptions('optimizer', optimizers[name].options(z))
    .map((option) => changesOf(base.config, option))
    .filter(isSmaller(base));
  return combinations(choices).map((changes) => [...rename, ...changes]);
}

/** Whether one of the changes makes a row smaller. */
function isSmaller({ config, rowBytes }: Variant) {
  return (changes: readonly Change[]) =>
    changes.some((change) => (variantOf(config, [change])?.rowBytes ?? rowBytes) < rowBytes);
}

/** No change or one, of each list. */
function combinations(lists: readonly (readonly Change[])[]): Change[][] {
  return lists.reduce<Change[][]>(
    (all, list) => all.flatMap((changes) => [changes, ...list.map((change) => [...changes, change])]),
    [[]],
  );
}

/** The changes of an option to another value than it has. */
function changesOf(config: Config, { section, key, values }: WordOption): Change[] {
  const now = (config[section as keyof Config] as Record<string, unknown>)[key];
  return values
    .filter((value) => value !== now)
    .map((value) => ({ flag: `--set ${section}.${key}=${value}`, values: { [section]: { [key]: value } } }));
}

/** The configuration with the changes; nothing where it is none, stores no fewer bits than it says, or loses its hot rows. */
function variantOf(
  config: Config,
  changes: readonly Change[],
  before: readonly Change[] = [],
): Variant | undefined {
  const values = changes.map(({ values }) => values);
  const { optimizer } = config;
  const renamed = values.some((value) => Object.hasOwn(Object(value.optimizer), 'name'));
  // Another rule has options of its own.
  const base = renamed ? { ...config, optimizer: commonOf(optimizer) } : config;
  const parsed = configSchema.safeParse(merge(base, ...values));
  if (!parsed.success) return undefined;
  const all = [...before, ...changes];
  const method = methodOf(parsed.data);
  if (!method) return undefined;
  const { storage } = method;
  if (configHotBits(config) !== null && !storage.hot) return undefined;
  const isMoved = all.some(({ values: { method: of } }) => of !== undefined);
  if (isMoved && !isQuantized(storage.bits)) return undefined;
  return {
    config: parsed.data,
    changes: all,
    flags: all.map(({ flag }) => flag).join(' '),
    rowBytes: rowBytes(parsed.data, method),
  };
}

/** The configuration's method; nothing where it does not go with a width, which it says itself. */
function methodOf(config: Config): Method | undefined {
  try {
    return createMethod(config);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Bytes of a row; where some are hot, on average. */
function rowBytes(config: Config, { storage, stepOptimizer }: Method): number {
  const bytesOf = (of: Storage) =>
    rowLayout(config.model.dim, of, createRowOptimizer(config), stepOptimizer).recordBytes;
  const { hotShare } = config.method;
  const cold = bytesOf(storage);
  return storage.hot ? hotShare * bytesOf({ ...storage, ...storage.hot }) + (1 - hotShare) * cold : cold;
}

/** What every rule has. */
function commonOf({ learningRate, drops, weightDecay }: Config['optimizer']): PartialConfig {
  return { learningRate, drops, weightDecay };
}
