// What a comparison has to train: a cell for each variant and seed, seed by seed, so that every variant has a first
// result early. What has finished before, in whatever call, is not trained again.
import type { MethodSpec } from '../embedding/method.js';
import { methods } from '../embedding/methods.js';
import { UserError } from '../errors.js';
import type { Config } from '../runs/config.js';
import { cellKey, plain, variantKey, withSeed } from './cell-key.js';
import type { VariantSpec } from './variants.js';

/** A variant with one seed. */
export interface PlannedCell {
  variant: VariantSpec;
  seed: number;
  key: string;
  config: Config;
}

/** Every cell, seeds outermost. */
export function planCells(
  variants: readonly VariantSpec[],
  seeds: readonly number[],
  fingerprint: string,
): PlannedCell[] {
  return seeds.flatMap((seed) =>
    variants.map((variant) => {
      const config = withSeed(variant.config, seed);
      return { variant, seed, key: cellKey(config, fingerprint), config };
    }),
  );
}

/** The variants with `full` in front, which the others are compared to, where it is among them. */
export function referenceFirst(variants: readonly VariantSpec[]): VariantSpec[] {
  const reference = variants.find(({ config }) => config.method.name === 'full');
  return reference ? [reference, ...variants.filter((variant) => variant !== reference)] : [...variants];
}

/** @throws UserError for a comparison of nothing, or of something twice */
export function requireComparable(variants: readonly VariantSpec[], seeds: readonly number[]): void {
  if (variants.length === 0)
    throw new UserError('There is nothing to compare.', 'name methods, such as full,alpt:8', 2);
  if (seeds.length === 0) throw new UserError('There is no seed to train with.', undefined, 2);
  const bad = seeds.find((seed, i) => !Number.isSafeInteger(seed) || seed < 0 || seeds.indexOf(seed) !== i);
  if (bad !== undefined) {
    throw new UserError(
      `The seeds are ${seeds.join(', ')}, but must be different whole numbers from 0 up.`,
      undefined,
      2,
    );
  }
  const seen = new Map<string, string>();
  const names = new Set<string>();
  for (const { name, config } of variants) {
    const key = variantKey(config);
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw new UserError(
        twin === name
          ? `The variant '${name}' is there twice.`
          : `The variants '${twin}' and '${name}' are the same training.`,
        'leave one of them out',
        2,
      );
    }
    if (names.has(name)) {
      throw new UserError(`Two variants have the name '${name}'.`, 'give one of them another name', 2);
    }
    seen.set(key, name);
    names.add(name);
  }
}

/** A training that is to be done, and what is made from it. */
export interface PlannedTraining {
  /** Of its own cell, which may be a cell that nobody asked for, or one that has finished. */
  key: string;
  config: Config;
  seed: number;
  /** What people call it: the variant, or what it is trained for. */
  label: string;
  /** Cells made from its best model after it, none for most. */
  derived: PlannedCell[];
}

/** The trainings that unfinished cells need, in the order of the cells. */
export function planTrainings(
  cells: readonly PlannedCell[],
  fingerprint: string,
  isFinished: (key: string) => boolean,
): PlannedTraining[] {
  const trainings = new Map<string, PlannedTraining>();
  for (const cell of cells) {
    if (isFinished(cell.key)) continue;
    const { variant, seed } = cell;
    const base = baseConfig(cell.config);
    const config = base ?? cell.config;
    const key = base ? cellKey(base, fingerprint) : cell.key;
    const label = base ? `full for ${variant.name}` : variant.name;
    const known = trainings.get(key) ?? { key, config, seed, label, derived: [] };
    if (base) known.derived.push(cell);
    else known.label = label;
    trainings.set(key, known);
  }
  return [...trainings.values()];
}

/** The name of the method that a method's models are made from, after training; undefined where it trains itself. */
export function derivedFrom(config: Config): 'full' | undefined {
  const spec = methods[config.method.name] as MethodSpec<unknown> & { derivedFrom?: 'full' };
  return spec.derivedFrom;
}

/** The configuration of the run that a derived method's model is made from. */
export function baseConfig(config: Config): Config | undefined {
  const name = derivedFrom(config);
  return name && plain({ ...config, method: { ...config.method, name } });
}
