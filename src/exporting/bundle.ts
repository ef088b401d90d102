// Writes a bundle: the directory that an open model needs and nothing else. Scoring graph, packed tables, the vocabularies of
// the run, and where it comes from (scoring/bundle/bundle-file.ts says what is in it). It is there whole or not at all.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sha256OfFile } from '../data/checksum.js';
import type { Manifest } from '../data/manifest.js';
import { removeStale, requireFree, writeDirectory } from '../data/output-directory.js';
import { UserError } from '../errors.js';
import { syncDirectory } from '../formats/sync-directory.js';
import type { RowSource } from '../posttraining/quantizer.js';
import { configBits } from '../runs/config-method.js';
import { readKeptDataset } from '../runs/kept-dataset.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { cannotWrite } from '../runs/whole-file.js';
import { EMBEDDING } from '../scoring/blueprint.js';
import { BUNDLE_FILE, type Bundle, encodeBundle, GRAPH_FILE } from '../scoring/bundle/bundle-file.js';
import type { OpenedRun } from '../scoring/open-run.js';
import { modelOfRun } from '../scoring/scoring-model.js';
import { version } from '../version.js';
import { writeTable } from './bundle-tables.js';
import { packSource, packTable } from './table-to-pack.js';

export interface BundleOptions {
  /** Which of the run's models was opened; default: best. */
  checkpoint?: CheckpointName | undefined;
  /** Rows in place of those of the run's embeddings: a QuantizedTable goes in as it is packed, others as fp32 values. */
  source?: RowSource | undefined;
  /** Replace a bundle that is at `out`. */
  force?: boolean | undefined;
  /** Rows of all tables that were written. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** Stops the work; nothing is left behind. */
  signal?: AbortSignal | undefined;
  /** Bytes of rows in a file; smaller only in tests. */
  partBytes?: number | undefined;
}

/** What was written. */
export interface WrittenBundle {
  bytes: number;
  files: number;
}

/**
 * Writes the model of an opened run as a bundle. Only while no thread reads the run's tables.
 *
 * @throws UserError when `out` is taken or cannot be written, or the run keeps no vocabularies; nothing is left behind then
 */
export async function writeBundle(
  run: OpenedRun,
  out: string,
  { checkpoint = 'best', source, force = false, onProgress, signal, partBytes }: BundleOptions = {},
): Promise<WrittenBundle> {
  requireFree(out, BUNDLE_FILE, force);
  await removeStale(out);
  const { directory, table, firstOrder, metadata } = run;
  const { config, run: record, path } = directory;
  const { fingerprint } = record.dataset;
  const manifest = await readKeptDataset(path, fingerprint);
  const packed = [
    source ? packSource(source, EMBEDDING) : packTable(table),
    ...(firstOrder ? [packTable(firstOrder)] : []),
  ];
  const total = packed.reduce((sum, { info }) => sum + info.rows, 0);
  let done = 0;
  const onRows = (rows: number) => {
    signal?.throwIfAborted();
    done += rows;
    onProgress?.({ done, total });
  };
  const metrics = (await directory.metrics()).find((line) => isOfEpoch(line, Number(metadata.epoch))) ?? null;
  const written = await writeDirectory(out, (temporary) =>
    fill(temporary).catch((error: unknown) => {
      throw namedAs(out, temporary, error);
    }),
  ).catch((error: unknown) => {
    throw isOfSystem(error) ? cannotWrite(out, error) : error;
  });
  await syncDirectory(dirname(resolve(out)));
  return written;

  async function fill(temporary: string): Promise<WrittenBundle> {
    const files: Bundle['files'] = { ...(await copyIndexes(path, manifest, temporary)) };
    const graph = modelOfRun(run, checkpoint).graph();
    await writeSynced(join(temporary, GRAPH_FILE), graph);
    files[GRAPH_FILE] = { bytes: graph.length, sha256: createHash('sha256').update(graph).digest('hex') };
    const tables: Bundle['tables'] = [];
    for (const one of packed) {
      const { table, files: ofTable } = await writeTable(temporary, one, onRows, partBytes);
      tables.push(table);
      Object.assign(files, ofTable);
    }
    const text = encodeBundle({
      bitrow: version,
      fingerprint,
      model: config.model.name,
      method: config.method.name,
      bits: configBits(config),
      dim: config.model.dim,
      run: {
        id: record.id,
        checkpoint,
        epoch: Number(metadata.epoch),
        trainingStep: Number(metadata.trainingStep),
        made: record.made,
      },
      metrics,
      tables,
      files,
      config,
      dataset: record.dataset,
      manifest,
    });
    await writeSynced(join(temporary, BUNDLE_FILE), Buffer.from(text));
    for (const folder of new Set(Object.keys(files).map((name) => dirname(join(temporary, name))))) {
      await syncDirectory(folder);
    }
    signal?.throwIfAborted();
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, Buffer.byteLength(text));
    return { bytes, files: Object.keys(files).length + 1 };
  }
}

/** What was thrown, in the words of who asked for `out`. */
function namedAs(out: string, temporary: string, error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  return new UserError(
    error.message.replaceAll(temporary, out),
    error.help ?? 'make room, or choose another --out',
  );
}

/** Of a file or directory, by the system. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function isOfEpoch(line: unknown, epoch: number): boolean {
  return typeof line === 'object' && line !== null && 'epoch' in line && line.epoch === epoch;
}

/** Copies the indexes of the run's vocabularies. @throws UserError for one that is not the data's */
async function copyIndexes(run: string, { vocabularies }: Manifest, to: string): Promise<Bundle['files']> {
  const files: Bundle['files'] = {};
  for (const { name, index } of vocabularies) {
    const [from, path] = [join(run, index.file), join(to, index.file)];
    await mkdir(dirname(path), { recursive: true });
    await copyFile(from, path).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    const sha256 = await sha256OfFile(path);
    if (sha256 !== index.sha256) {
      throw new UserError(
        `'${from}' is not the index of the vocabulary '${name}' that the run was trained with.`,
      );
    }
    await sync(path);
    files[index.file] = { bytes: (await stat(path)).size, sha256 };
  }
  return files;
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
    await sync(path);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
