// What a preparation is to do: the data set and every setting, from options, the data set's defaults, or, when an
// encoded data set is extended, from that one, which no option may contradict.
import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { UserError, unknownName } from '../errors.js';
import { canonicalJson } from '../schema/fingerprint.js';
import { parseSchema, type Schema } from '../schema/schema.js';
import type { Dataset, SplitRule } from './datasets/dataset.js';
import { readingOf } from './datasets/raw-format.js';
import { datasetNames, datasets, isDatasetName } from './datasets/registry.js';
import { type Base, openBase } from './extend.js';
import { defaultMemoryBytes } from './memory-limit.js';
import type { PrepareOptions } from './prepare.js';
import { fileKinds, isFileKind, readSchemaFile } from './schema-file.js';

export interface Settings {
  seed: number;
  rule: SplitRule;
  minCount: number;
  vocabulary: 'train' | 'all';
  rows: number;
  negativeSampling: number;
  skipBadRows: number;
  threads: number;
  memoryBytes: number;
}

export interface Task {
  name: string;
  dataset: Dataset;
  settings: Settings;
  /** The data set to extend, if any. */
  base: Base | null;
}

/** @throws UserError for options that are wrong, or differ from those of the data to extend */
export async function resolveTask(options: PrepareOptions): Promise<Task> {
  const base = options.extend === undefined ? null : await openBase(options.extend);
  const name = typeof options.dataset === 'string' ? options.dataset : options.dataset.name;
  if (base && existsSync(options.out) && realpathSync(options.out) === realpathSync(base.dir)) {
    throw new UserError(
      `Extended data cannot take the place of '${base.dir}', which it extends: only new rows are in it.`,
      'choose another --out',
      2,
    );
  }
  if (base) requireSame(base, 'data set', name, base.manifest.dataset);
  const dataset = await findDataset(options, base);
  if (base) {
    requireSameSchema(base, dataset);
    requireSameReading(base, name, dataset);
  }
  return { name, dataset, settings: resolveSettings(name, dataset, options, base), base };
}

async function findDataset({ dataset, schema }: PrepareOptions, base: Base | null): Promise<Dataset> {
  if (typeof dataset !== 'string') return { ...dataset, schema: parseSchema(dataset.schema) };
  if (isFileKind(dataset)) {
    if (schema !== undefined) return readSchemaFile(dataset, schema);
    if (base?.dataset) return base.dataset;
    throw new UserError(
      `The data set '${dataset}' needs a schema.`,
      `pass --schema FILE.yaml; \`bitrow prepare ${dataset} --input FILE --print-schema\` proposes one`,
      2,
    );
  }
  const known = [...datasetNames, ...Object.keys(fileKinds)];
  if (!isDatasetName(dataset)) throw unknownName('data set', dataset, known);
  if (schema !== undefined) {
    throw new UserError(
      `The data set '${dataset}' has a schema of its own; --schema is for ${Object.keys(fileKinds).join(' and ')}.`,
      undefined,
      2,
    );
  }
  return datasets[dataset];
}

function resolveSettings(
  name: string,
  dataset: Dataset,
  options: PrepareOptions,
  base: Base | null,
): Settings {
  const stored = base?.settings;
  const inherit = <T>(what: string, given: T | undefined, old: T | undefined, otherwise: T): T => {
    if (base && given !== undefined && old !== undefined) requireSame(base, what, given, old);
    return given ?? old ?? otherwise;
  };
  const rule = inherit('--split', options.split, stored?.rule, dataset.splits[0]);
  if (!dataset.splits.includes(rule)) {
    throw new UserError(
      `The data set '${name}' has no split '${rule}' (it has: ${dataset.splits.join(', ')}).`,
      undefined,
      2,
    );
  }
  const negativeSampling = inherit(
    '--negative-sampling',
    options.negativeSampling,
    stored?.negativeSampling,
    1,
  );
  if (!(negativeSampling > 0 && negativeSampling <= 1)) {
    throw new UserError(
      `The option negativeSampling is ${negativeSampling}, but must be more than 0 and at most 1.`,
      undefined,
      2,
    );
  }
  return {
    rule,
    seed: inherit('--seed', whole('seed', options.seed, 0), stored?.seed, 1),
    minCount: inherit(
      '--min-count',
      whole('minCount', options.minCount, 1),
      stored?.minCount,
      dataset.minCount,
    ),
    vocabulary: inherit('--vocabulary', options.vocabulary, stored?.vocabulary, 'train'),
    negativeSampling,
    rows: whole('rows', options.rows, 1) ?? Number.POSITIVE_INFINITY,
    skipBadRows: whole('skipBadRows', options.skipBadRows, 0) ?? 0,
    threads: whole('threads', options.threads, 1) ?? availableParallelism(),
    memoryBytes: options.memoryBytes ?? defaultMemoryBytes(),
  };
}

function whole(option: string, value: number | undefined, least: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new UserError(
    `The option ${option} is ${value}, but must be a whole number from ${least} up.`,
    undefined,
    2,
  );
}

function requireSame(base: Base, what: string, given: unknown, stored: unknown): void {
  if (given === stored) return;
  throw new UserError(
    `The ${what} is '${given}', but '${base.dir}' was prepared with '${stored}'.`,
    `leave ${what.startsWith('--') ? 'the option' : 'it'} out to extend that data, or prepare anew`,
    2,
  );
}

/** How the files are written, and the days of a split by time. */
function requireSameReading(base: Base, name: string, dataset: Dataset): void {
  const given = readingOf(name, dataset);
  const stored = base.manifest.reading;
  for (const key of ['format', 'timeSplit'] as const) {
    const [is, was] = [given?.[key], stored?.[key]].map((value) => canonicalJson(value ?? 'none'));
    if (is === was) continue;
    throw new UserError(
      `The schema's ${key} is ${is}, but '${base.dir}' was prepared with ${was}.`,
      'leave --schema out to extend that data, or prepare anew',
      2,
    );
  }
}

/** What differs where the fields are the same, or fewer. */
function otherKeys(schema: Schema, stored: Schema): [given: string, old: string] {
  for (const key of ['label', 'numbers', 'weight', 'group'] as const) {
    const [given, old] = [schema[key], stored[key]].map((value) => canonicalJson(value ?? 'none'));
    if (given !== old) return [`${key} ${given}`, old];
  }
  return [`${schema.fields.length} fields`, String(stored.fields.length)];
}

/** Fields by name: a schema that differs says where. */
function requireSameSchema(base: Base, { schema }: Dataset): void {
  const stored = parseSchema(base.manifest.schema);
  if (canonicalJson(stored) === canonicalJson(schema)) return;
  const differing = schema.fields.findIndex(
    (field, i) => canonicalJson(field) !== canonicalJson(stored.fields[i] ?? null),
  );
  const [given, old] =
    differing < 0
      ? otherKeys(schema, stored)
      : [
          `field ${differing + 1} ${canonicalJson(schema.fields[differing])}`,
          canonicalJson(stored.fields[differing] ?? 'no such field'),
        ];
  throw new UserError(
    `The schema is another than that of '${base.dir}': ${given}, there ${old}.`,
    'leave --schema out to extend that data, or prepare anew',
    2,
  );
}
