// Raw rows → an encoded data set. Four stages, all of them SQL over one table of rows:
//
//   read    files → row table: values as text, split, place in the stored order; bad rows end the work
//   count   row table → codes for parts of crosses; vocabularies
//   encode  row table + vocabularies → ids in stored order
//   write   Parquet files, checksums, manifest
//
// The same input, options and seed give the same bytes of every file, whatever the threads and the memory.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { fingerprint } from '../schema/fingerprint.js';
import { rowColumns, vocabularyOf } from '../schema/schema.js';
import { version } from '../version.js';
import { type Codes, codeRows } from './codes.js';
import { type Database, diskFull, openDatabase } from './database.js';
import type { Dataset, InputFile, SplitRule } from './datasets/dataset.js';
import { readingOf } from './datasets/raw-format.js';
import { describeFields, describeNumbers, describeSkipped } from './describe.js';
import { encodeGroup, groupFields, type LookedUp } from './encode.js';
import { type Manifest, splitNames } from './manifest.js';
import { removeStale, requireFree, writeDirectory } from './output-directory.js';
import { resolveTask, type Settings, type Task } from './prepare-settings.js';
import { readFile, type SkippedRows } from './read.js';
import { createRowsSql, encodedFields, planRows, type RowPlan } from './row-table.js';
import { hashSql, keptSql } from './split.js';
import {
  buildVocabulary,
  findSource,
  planGroups,
  planVocabularies,
  type SizedVocabulary,
  type Vocabulary,
} from './vocabulary.js';
import { type WrittenSplit, writeSplit, writeVocabulary } from './write.js';

export const stages = ['read', 'count', 'encode', 'write'] as const;

export interface PrepareProgress {
  stage: (typeof stages)[number];
  /** Of `total`: files read, vocabularies counted, fields encoded, vocabularies and splits written. May be a fraction. */
  done: number;
  total: number;
}

export interface PrepareOptions {
  /** A name in the registry, or a data set of one's own. */
  dataset: string | (Dataset & { name: string });
  /** A schema file (YAML), for the data sets `csv` and `parquet`. */
  schema?: string | undefined;
  /** An encoded data set to go on from: only the new rows are encoded, all its ids are kept, and its options hold. */
  extend?: string | undefined;
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
  /** Leave out up to this many bad rows instead of refusing the first. Default: 0. */
  skipBadRows?: number | undefined;
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
  /** Hears sentences about what is done beside the work. */
  onNotice?: ((sentence: string) => void) | undefined;
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
  const task = await resolveTask(options);
  requireFree(options.out, 'manifest.json', options.force ?? false);
  const files = task.dataset.inputs(options.input ?? []);
  for (const name of await removeStale(options.out)) {
    options.onNotice?.(`Removed '${name}', which a preparation that was killed had left.`);
  }
  return writeDirectory(options.out, async (directory) => {
    const work = join(directory, 'work');
    await mkdir(work);
    await mkdir(join(directory, 'vocabularies'));
    const { out: output, signal } = options;
    const database = await openDatabase({ ...task.settings, directory: work, output, signal });
    let manifest: Manifest;
    try {
      manifest = await prepareInto(directory, { ...task, files, database, options });
    } finally {
      database.close();
    }
    await rm(work, { recursive: true });
    await writeFile(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }).catch((error: unknown) => {
    // What was not written by DuckDB may have met a full disk too.
    throw diskFull(error, options.out) ?? error;
  });
}

interface Job extends Task {
  files: readonly InputFile[];
  database: Database;
  options: PrepareOptions;
}

async function prepareInto(directory: string, job: Job): Promise<Manifest> {
  const { database, dataset, settings, base } = job;
  const { schema } = dataset;
  const reading = readingOf(job.name, dataset);
  const plan = planRows(schema, settings.seed, settings.rule, dataset.timeSplit);
  const { input, skipped } = await readAll(plan, job);
  await sampleNegatives(database, settings);
  // A new day may well lie behind the training rows of a split by time.
  if (!base) await requireTraining(database, settings.rule);
  report(job, 'count', 0, 1);
  const codes = await codeRows(database, plan, settings.memoryBytes);
  const vocabularies = await countAll(plan, codes, job);
  const groups = await encodeAll(plan, vocabularies, job);

  const names = splitNames.filter(
    (split) => settings.rule !== 'files' || job.files.some((f) => f.split === split),
  );
  const total = vocabularies.length + names.length;
  const written: Manifest['vocabularies'] = [];
  for (const vocabulary of vocabularies) {
    report(job, 'write', written.length, total);
    written.push(await writeVocabulary(database, directory, vocabulary));
  }
  const splits: WrittenSplit[] = [];
  for (const split of names) {
    report(job, 'write', written.length + splits.length, total);
    splits.push(await writeSplit(database, directory, split, schema, groups));
  }
  report(job, 'write', total, total);
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
    ...(reading && { reading }),
    fingerprint: fingerprint(
      schema,
      written.map(({ name, index }) => ({ name, sha256: index.sha256 })),
    ),
    ...(base && { extends: [...(base.manifest.extends ?? []), base.manifest.fingerprint] }),
    fields: describeFields(schema, splits),
    ...(await describeNumbers(directory, job)),
    ...(schema.weight !== undefined && { hasWeight: true }),
    ...(schema.group !== undefined && { hasGroup: true }),
    vocabularies: written,
    splits: splits.map(({ split }) => split),
    ...(base && { firstRow: base.rows }),
    input,
    ...describeSkipped(skipped),
  };
}

/** Drops training rows with label 0 but for the share to keep. Row numbers stay those of the inputs. */
async function sampleNegatives(database: Database, { seed, negativeSampling }: Settings): Promise<void> {
  if (negativeSampling === 1) return;
  const kept = keptSql(hashSql(seed, 'row'), negativeSampling);
  await database.run(`DELETE FROM rows WHERE split = 0 AND label = 0 AND NOT (${kept})`);
}

async function readAll(plan: RowPlan, job: Job): Promise<{ input: Manifest['input']; skipped: SkippedRows }> {
  const { database, files, dataset, settings, options } = job;
  await database.run(createRowsSql(plan));
  const read: Manifest['input'] = [];
  const skipped: SkippedRows = { tolerance: settings.skipBadRows, rows: 0, first: null };
  const start = job.base?.rows ?? 0;
  let firstRow = start;
  for (const file of files) {
    const limit = settings.rows - (firstRow - start);
    if (limit <= 0) break;
    const onFraction = (fraction: number) => report(job, 'read', read.length + fraction, files.length);
    onFraction(0);
    const { signal } = options;
    const reading = { database, plan, format: dataset.format, limit, skipped, signal, onFraction };
    const rows = await readFile(file, firstRow, reading);
    // The name alone: where the file lies says nothing about what is in it.
    read.push({ path: basename(file.path), rows });
    firstRow += rows;
  }
  report(job, 'read', files.length, files.length);
  return { input: read, skipped };
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
async function countAll(plan: RowPlan, codes: Codes, job: Job): Promise<SizedVocabulary[]> {
  const { database, settings } = job;
  const counted = settings.vocabulary === 'all' ? 'true' : 'split = 0';
  const planned = planVocabularies(plan, codes, settings.minCount);
  // Those of many parts first: what is part of them is counted over their values, which are fewer than the rows.
  const partsOf = ({ keys: [{ columns }] }: Vocabulary) => columns.size;
  const built: SizedVocabulary[] = [];
  for (const vocabulary of planned.toSorted((a, b) => partsOf(b) - partsOf(a))) {
    report(job, 'count', built.length, planned.length);
    const before = job.base?.vocabulary(vocabulary.name) ?? null;
    // Counts of an extension are not those of the rows at hand.
    const source = before ? null : findSource(vocabulary, built);
    built.push(await buildVocabulary(database, vocabulary, counted, before, source));
  }
  report(job, 'count', planned.length, planned.length);
  return planned.flatMap(({ name }) => built.filter(({ vocabulary }) => vocabulary.name === name));
}

async function encodeAll(plan: RowPlan, built: readonly SizedVocabulary[], job: Job): Promise<string[]> {
  const { database, settings } = job;
  const { group } = plan.schema;
  const fields = encodedFields(plan.schema);
  const byName = new Map(built.map((entry) => [entry.vocabulary.name, entry]));
  const groups = group === undefined ? undefined : await numberGroups(plan, group, job);
  const looked = fields.map((field): LookedUp => {
    const isGroup = field.name === rowColumns.group && groups;
    const from = isGroup ? groups : byName.get(vocabularyOf(field));
    if (!from) throw new Error(`No vocabulary was built for the field ${field.name}.`);
    return { field, from };
  });
  const tables: string[] = [];
  let done = 0;
  for (const part of groupFields(looked, settings.memoryBytes)) {
    const table = `encoded${tables.length}`;
    const onFraction = (f: number) => report(job, 'encode', done + f * part.length, fields.length);
    onFraction(0);
    const toEncode = { fields: part, isFirst: tables.length === 0 };
    await encodeGroup(database, table, toEncode, plan, settings.memoryBytes, onFraction);
    tables.push(table);
    done += part.length;
  }
  report(job, 'encode', fields.length, fields.length);
  await database.run('DROP TABLE rows');
  return tables;
}

async function numberGroups(plan: RowPlan, column: string, { database }: Job): Promise<SizedVocabulary> {
  const vocabulary = planGroups(plan, column);
  return buildVocabulary(database, vocabulary, `${vocabulary.keys[0].keys[0]} IS NOT NULL`, null);
}

function report({ options }: Job, stage: PrepareProgress['stage'], done: number, total: number): void {
  options.onProgress?.({ stage, done, total });
}
