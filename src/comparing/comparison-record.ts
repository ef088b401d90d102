// The comparison as its record (reports/comparison.ts): what is known before the first cell, and with the cells there
// are.
import { availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import type { Manifest } from '../data/manifest.js';
import { onnxruntimeVersion } from '../graph/session.js';
import type { Cell, ComparedData, Comparison, Variant } from '../reports/comparison.js';
import { type Config, configSchema } from '../runs/config.js';
import { configBits, configRounding } from '../runs/config-method.js';
import { version } from '../version.js';
import { relevantConfig, seedlessConfig } from './cell-key.js';
import { isMethodOption } from './method-name.js';
import { derivedFrom, type PlannedCell } from './plan.js';
import { variantMemory } from './variant-memory.js';
import type { VariantSpec } from './variants.js';

export type ComparisonHead = Omit<Comparison, 'made'>;

/** Everything but the cells. */
export function comparisonHead(parts: {
  data: string;
  variants: readonly VariantSpec[];
  seeds: readonly number[];
  split: string | null;
  command: string;
  manifest: Manifest;
}): ComparisonHead {
  const { data, variants, seeds, split, command, manifest } = parts;
  return {
    format: 'bitrow-comparison-1',
    bitrow: version,
    command,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      node: process.version,
      onnxruntime: onnxruntimeVersion,
    },
    data: comparedData(data, manifest),
    split,
    seeds: [...seeds],
    variants: variants.map((variant) => emptyVariant(variant, data, manifest)),
  };
}

/** The comparison as it stands now. */
export function withCells(
  head: ComparisonHead,
  cells: readonly PlannedCell[],
  cellOf: (key: string) => Cell | undefined,
): Comparison {
  return {
    ...head,
    made: new Date().toISOString(),
    variants: head.variants.map((variant) => ({
      ...variant,
      cells: cells
        .filter((planned) => planned.variant.name === variant.name)
        .flatMap(({ key }) => cellOf(key) ?? []),
    })),
  };
}

function comparedData(
  path: string,
  { dataset, fingerprint, fields, vocabularies, splits }: Manifest,
): ComparedData {
  const rows = splits.reduce((sum, split) => sum + split.rows, 0);
  const positives = splits.reduce((sum, split) => sum + split.positives, 0);
  return {
    dataset,
    path: resolve(path),
    fingerprint,
    fields: fields.length,
    features: vocabularies.reduce((sum, { size }) => sum + size, 0),
    rows: Object.fromEntries(splits.map((split) => [split.name, split.rows])),
    positiveRate: rows > 0 ? positives / rows : null,
  };
}

function emptyVariant({ name, config }: VariantSpec, data: string, manifest: Manifest): Variant {
  const bits = configBits(config);
  const base = derivedFrom(config) ?? null;
  return {
    name,
    method: config.method.name,
    bits,
    rounding: configRounding(config),
    config: seedlessConfig(config),
    command: base === null ? trainCommand(config, data) : null,
    derivedFrom: base,
    memory: variantMemory(config, manifest),
    cells: [],
  };
}

/** What trains it once. Options are told apart from defaults, so that the line stays short. */
function trainCommand(config: Config, data: string): string {
  const { model, optimizer, method } = config;
  const usual = configSchema.parse({ model: { name: model.name }, optimizer: { name: optimizer.name } });
  const { method: relevant, ...rest } = relevantConfig(config);
  rest.method = Object.fromEntries(
    Object.entries(Object(relevant)).filter(([option]) => isMethodOption(option)),
  );
  const known = new Map(leaves(usual, ''));
  const settings = leaves(rest, '').filter(
    ([path, value]) => path !== 'training.seed' && JSON.stringify(known.get(path)) !== JSON.stringify(value),
  );
  const bits = configBits(config);
  const words = ['bitrow train', '--data', word(data), '--out', 'RUN', '--method', method.name];
  const rounding = configRounding(config);
  if (bits !== null) words.push('--bits', String(bits));
  if (rounding !== null) words.push('--rounding', rounding);
  if (model.name !== configSchema.parse({}).model.name) words.push('--model', model.name);
  words.push('--seed', String(config.training.seed));
  for (const [path, value] of settings) words.push('--set', word(`${path}=${JSON.stringify(value)}`));
  return words.join(' ');
}

function leaves(value: unknown, path: string): [path: string, value: unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

function word(text: string): string {
  return /^[\w./~+,:@%=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
