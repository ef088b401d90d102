// Raw rows → an encoded data set. Four stages, all of them SQL over one table of rows:
//
//   read    files → row table: values as text, split, place in the stored order; bad rows end the work
//   count   row table → vocabularies
//   encode  row table + vocabularies → ids in stored order
//   write   Parquet files, checksums, manifest
//
// The same input, options and seed give the same bytes of every file, whatever the threads and the memory.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { UserError, unknownName } from '../errors.js';
import { fingerprint } from '../schema/fingerprint.js';
import {
  type Field,
  parseSchema,
  poolingOf,
  rowColumns,
  type Schema,
  vocabularyOf,
} from '../schema/schema.js';
import { version } from '../version.js';
import { type Database, openDatabase } from './database.js';
import type { Dataset, InputFile, SplitRule } from './datasets/dataset.js';
import { datasetNames, datasets, isDatasetName } from './datasets/registry.js';
import { encodeGroup, groupFields, type SizedVocabulary } from './encode.js';
import { type Manifest, splitNames } from './manifest.js';
import { defaultMemoryBytes } from './memory-limit.js';
import { numberStatistics } from './number-statistics.js';
import { requireFree, writeDirectory } from './output-directory.js';
import { readFile } from './read.js';
import { createRowsSql, encodedFields, keyColumns, planRows, type RowPlan } from './row-table.js';
import { hashSql, keptSql } from './split.js';
import { buildVocabulary, planGroups, planVocabularies } from './vocabulary.js';
import { type WrittenSplit, writeSplit, writeVocabulary } from './write.js';

export const stages = ['read', 'count', 'encode', 'write'] as const;

export interface PrepareProgress {
  stage: (typeof stages)[number];
  /** Of `total`: files read, vocabularies counted, fields encoded, splits written. May be a fraction. */
  done: number;
  total: number;
}

export interface PrepareOptions {
  /** A name in the registry, or a data set of one's own. */
  dataset: string | (Dataset & { name: string });
  /** Input paths in order; each data set says what it takes. Default: none. */
  input?: readonly string[] | undefined;
  /** The directory to make. */
  out: string;
  /** Values seen less often are OOV. Default: the data set's. */
  minCount?: number | undefined;
  /** Rows that vocabularies are built on. Default: train. */
  vocabulary?: 'train' | 'all' | undefined;
  /** Default: the data set's. */
  split?: SplitRule | undefined;
  /** At most this many rows, the first ones. Default: all. */
  rows?: number | undefined;
  /** Keep this share of the training rows whose label is 0, chosen by seed and row number; more than 0, at most 1.
   * Models trained on it are calibrated to all rows when they score. Default: 1. */
  negativeSampling?: number | undefined;
  /** 0 to 2^53 − 1. Default: 1. */
  seed?: number | undefined;
  /** Replace an encoded data set that is there. */
  force?: boolean | undefined;
  threads?: number | undefined;
  memoryBytes?: number | undefined;
  onProgress?: ((progress: PrepareProgress) => void) | undefined;
  /** Stops the work; prepare then rejects with the signal's reason, leaving nothing behind. */
  signal?: AbortSignal | undefined;
}

/**
 * Turns raw rows into an encoded data set on disk.
 *
 * @returns its manifest
 * @throws UserError for bad options, missing files and bad rows; nothing is left behind then
 * @example
 * const { splits } = await prepare({ dataset: 'criteo', input: ['train.txt.gz'], out: 'data/criteo' });
 */
export async function prepare(options: PrepareOptions): Promise<Manifest> {
  const { name, dataset } = findDataset(options.dataset);
  const settings = resolveSettings(name, dataset, options);
  requireFree(options.out, 'manifest.json', options.force ?? false);
  const files = dataset.inputs(options.input ?? []);
  return writeDirectory(options.out, async (directory) => {
    const work = join(directory, 'work');
    await mkdir(work);
    await mkdir(join(directory, 'vocabularies'));
    const database = await openDatabase({ ...settings, directory: work, signal: options.signal });
    let manifest: Manifest;
    try {
      manifest = await prepareInto(directory, { name, dataset, files, database, settings, options });
    } finally {
      database.close();
    }
    await rm(work, { recursive: true });
    await writeFile(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  });
}

interface Settings {
  seed: number;
  rule: SplitRule;
  minCount: number;
  vocabulary: 'train' | 'all';
  rows: number;
  negativeSampling: number;
  threads: number;
  memoryBytes: number;
}

interface Job {
  name: string;
  dataset: Dataset;
  files: readonly InputFile[];
  database: Database;
  settings: Settings;
  options: PrepareOptions;
}

async function prepareInto(directory: string, job: Job): Promise<Manifest> {
  const { database, dataset, settings } = job;
  const { schema } = dataset;
  const plan = planRows(schema, settings.seed, settings.rule, dataset.timeSplit);
  const input = await readAll(plan, job);
  await sampleNegatives(database, settings);
  await requireTraining(database, settings.rule);
  const vocabularies = await countAll(plan, job);
  const groups = await encodeAll(plan, vocabularies, job);

  const written = [];
  for (const vocabulary of vocabularies) written.push(await writeVocabulary(database, directory, vocabulary));
  const splits: WrittenSplit[] = [];
  const names = splitNames.filter(
    (split) => settings.rule !== 'files' || job.files.some((f) => f.split === split),
  );
  for (const split of names) {
    report(job, 'write', splits.length, names.length);
    splits.push(await writeSplit(database, directory, split, schema, groups));
  }
  report(job, 'write', names.length, names.length);
  return {
    format: 'bitrow-dataset',
    version: 1,
    bitrow: version,
    dataset: job.name,
    seed: settings.seed,
    options: {
      split: settings.rule,
      minCount: settings.minCount,
      vocabulary: settings.vocabulary,
      rows: Number.isFinite(settings.rows) ? settings.rows : null,
      negativeSampling: settings.negativeSampling,
    },
    schema,
    fingerprint: fingerprint(schema, written),
    fields: describeFields(schema, splits),
    ...(schema.numbers && {
      numbers: await numberStatistics(database, join(directory, `${splitNames[0]}.parquet`), schema.numbers),
    }),
    ...(schema.weight !== undefined && { hasWeight: true }),
    ...(schema.group !== undefined && { hasGroup: true }),
    vocabularies: written,
    splits: splits.map(({ split }) => split),
    input,
  };
}

function describeFields({ fields }: Schema, splits: readonly WrittenSplit[]): Manifest['fields'] {
  return fields.map((field, i) => {
    const pooling = poolingOf(field);
    const longest = Math.max(...splits.map((written) => written.longest[i]));
    return {
      name: field.name,
      vocabulary: vocabularyOf(field),
      ...(pooling && { bag: { pooling, longest } }),
    };
  });
}

/** Drops training rows with label 0 but for the share to keep. Row numbers stay those of the inputs. */
async function sampleNegatives(database: Database, { seed, negativeSampling }: Settings): Promise<void> {
  if (negativeSampling === 1) return;
  const kept = keptSql(hashSql(seed, 'row'), negativeSampling);
  await database.run(`DELETE FROM rows WHERE split = 0 AND label = 0 AND NOT (${kept})`);
}

async function readAll(plan: RowPlan, job: Job): Promise<Manifest['input']> {
  const { database, files, dataset, settings, options } = job;
  await database.run(createRowsSql(plan));
  const read: Manifest['input'] = [];
  let firstRow = 0;
  for (const file of files) {
    const limit = settings.rows - firstRow;
    if (limit <= 0) break;
    const onFraction = (fraction: number) => report(job, 'read', read.length + fraction, files.length);
    onFraction(0);
    const reading = { database, plan, format: dataset.format, limit, signal: options.signal, onFraction };
    const rows = await readFile(file, firstRow, reading);
    // The name alone: where the file lies says nothing about what is in it.
    read.push({ path: basename(file.path), rows });
    firstRow += rows;
  }
  report(job, 'read', files.length, files.length);
  return read;
}

async function requireTraining(database: Database, rule: SplitRule): Promise<void> {
  const [row] = await database.query('SELECT count(*) AS rows FROM rows WHERE split = 0');
  if (Number(row?.rows) > 0) return;
  throw new UserError(
    `The split '${rule}' leaves no row for training.`,
    'give more rows, or choose another --split',
  );
}

/** The vocabularies in their order. Groups are numbered elsewhere, see encodeAll: theirs is not written. */
async function countAll(plan: RowPlan, job: Job): Promise<SizedVocabulary[]> {
  const { database, settings } = job;
  const counted = settings.vocabulary === 'all' ? 'true' : 'split = 0';
  const planned = planVocabularies(plan.schema, plan, settings.minCount);
  const built: SizedVocabulary[] = [];
  for (const vocabulary of planned) {
    report(job, 'count', built.length, planned.length);
    built.push({ vocabulary, size: await buildVocabulary(database, vocabulary, plan, counted) });
  }
  report(job, 'count', planned.length, planned.length);
  return built;
}

async function encodeAll(plan: RowPlan, built: readonly SizedVocabulary[], job: Job): Promise<string[]> {
  const { database, settings } = job;
  const { group } = plan.schema;
  const fields = encodedFields(plan.schema);
  const byName = new Map(built.map((entry) => [entry.vocabulary.name, entry]));
  const groups = group === undefined ? undefined : await numberGroups(plan, group, job);
  const find = (field: Field): SizedVocabulary => {
    const entry = field.name === rowColumns.group && groups ? groups : byName.get(vocabularyOf(field));
    if (!entry) throw new Error(`No vocabulary was built for the field ${field.name}.`);
    return entry;
  };
  const tables: string[] = [];
  let done = 0;
  for (const part of groupFields(fields, find, settings.memoryBytes)) {
    const table = `encoded${tables.length}`;
    const onFraction = (f: number) => report(job, 'encode', done + f * part.length, fields.length);
    onFraction(0);
    await encodeGroup(
      database,
      table,
      { fields: part, isFirst: tables.length === 0 },
      (field) => find(field).vocabulary,
      plan,
      settings.memoryBytes,
      onFraction,
    );
    tables.push(table);
    done += part.length;
  }
  report(job, 'encode', fields.length, fields.length);
  await database.run('DROP TABLE rows');
  return tables;
}

async function numberGroups(plan: RowPlan, column: string, { database }: Job): Promise<SizedVocabulary> {
  const vocabulary = planGroups(column);
  const [key] = keyColumns(plan, vocabulary.fields[0].value);
  return { vocabulary, size: await buildVocabulary(database, vocabulary, plan, `${key} IS NOT NULL`) };
}

function report({ options }: Job, stage: PrepareProgress['stage'], done: number, total: number): void {
  options.onProgress?.({ stage, done, total });
}

function findDataset(dataset: PrepareOptions['dataset']): { name: string; dataset: Dataset } {
  if (typeof dataset !== 'string') {
    return { name: dataset.name, dataset: { ...dataset, schema: parseSchema(dataset.schema) } };
  }
  if (!isDatasetName(dataset)) throw unknownName('data set', dataset, datasetNames);
  return { name: dataset, dataset: datasets[dataset] };
}

function resolveSettings(name: string, dataset: Dataset, options: PrepareOptions): Settings {
  const rule = options.split ?? dataset.splits[0];
  if (!dataset.splits.includes(rule)) {
    throw new UserError(
      `The data set '${name}' has no split '${rule}' (it has: ${dataset.splits.join(', ')}).`,
      undefined,
      2,
    );
  }
  const { negativeSampling = 1 } = options;
  if (!(negativeSampling > 0 && negativeSampling <= 1)) {
    throw new UserError(
      `The option negativeSampling is ${negativeSampling}, but must be more than 0 and at most 1.`,
      undefined,
      2,
    );
  }
  const whole = (option: string, value: number | undefined, least: number, otherwise: number) => {
    if (value === undefined) return otherwise;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new UserError(
      `The option ${option} is ${value}, but must be a whole number from ${least} up.`,
      undefined,
      2,
    );
  };
  return {
    rule,
    seed: whole('seed', options.seed, 0, 1),
    minCount: whole('minCount', options.minCount, 1, dataset.minCount),
    vocabulary: options.vocabulary ?? 'train',
    rows: whole('rows', options.rows, 1, Number.POSITIVE_INFINITY),
    negativeSampling,
    threads: whole('threads', options.threads, 1, availableParallelism()),
    memoryBytes: options.memoryBytes ?? defaultMemoryBytes(),
  };
}
