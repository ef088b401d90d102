// What tells one cell of a comparison from another: the part of a configuration that has a say in a training, with its
// seed, and the data's fingerprint. Options of other methods are not in it, so that a new method in the registry
// leaves the cells of all others what they are.
import { createHash } from 'node:crypto';
import { hasRowSteps, methods } from '../embedding/methods.js';
import { type Config, configSchema } from '../runs/config.js';
import { configHotBits, configRounding } from '../runs/config-method.js';

/** The configuration without what its method does not read: other methods' options, a width that it has not. */
export function relevantConfig(config: Config): Record<string, unknown> {
  const { name, bits, stepType, hotShare } = config.method;
  const { model, optimizer, dense, training } = config;
  const hotBits = configHotBits(config);
  const method = {
    name,
    ...(methods[name].isQuantized && { bits, rounding: configRounding(config) }),
    ...(hasRowSteps(name) && { stepType }),
    // Without hot rows, the keys are those of before there were any.
    ...(hotBits && { hotBits, hotShare }),
  };
  return { model, method, optimizer, dense, [name]: config[name], training };
}

/** The relevant configuration without the seed: what all cells of a variant share. */
export function seedlessConfig(config: Config): Record<string, unknown> {
  const { seed: _seed, ...training } = config.training;
  return { ...relevantConfig(config), training };
}

/**
 * The configuration of a variant's cell. What its method does not read is as by default, whoever asked for it: a run
 * that was stopped, or kept, is taken up by any call that means the same training.
 */
export function withSeed(config: Config, seed: number): Config {
  return plain({ ...config, training: { ...config.training, seed } });
}

/** The same training, with every option that its method does not read as by default. */
export function plain(config: Config): Config {
  return configSchema.parse(relevantConfig(config));
}

/** 16 hexadecimal digits, the name of the cell's folder. The configuration's seed is the cell's. */
export function cellKey(config: Config, fingerprint: string): string {
  return digest({ config: relevantConfig(config), fingerprint });
}

/** Equal for configurations that train the same, whatever their seeds. */
export function variantKey(config: Config): string {
  return digest(seedlessConfig(config));
}

/**
 * The key that a configuration stored earlier has now: an option that is new since then has its default. Undefined
 * where this version cannot read it.
 */
export function storedCellKey(config: unknown, fingerprint: string): string | undefined {
  const parsed = configSchema.safeParse(config);
  return parsed.success ? cellKey(parsed.data, fingerprint) : undefined;
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 16);
}

/** With the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
