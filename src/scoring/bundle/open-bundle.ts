// Opens a bundle for scoring: everything is read now, so whatever becomes of the directory afterwards, the model stays what
// it is. Files are read once, hashed on the way, by other threads.
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rowArrays, sharedArrays } from '../../embedding/packed/packed-format.js';
import {
  allocatePacked,
  type PackedMemory,
  packedMemoryBytes,
  planPacked,
} from '../../embedding/packed/packed-memory.js';
import { UserError } from '../../errors.js';
import type { VocabularyIndex } from '../../formats/vocabulary-index.js';
import type { CheckpointName } from '../../runs/run-directory.js';
import { requireScoringMemory, type ScoringSize } from '../require-memory.js';
import type { ScoringModel } from '../scoring-model.js';
import { BUNDLE_FILE, type Bundle, type BundleTable, GRAPH_FILE, readBundle } from './bundle-file.js';
import { checkBundle } from './check-bundle.js';
import type { LoadedArray, LoadedFile } from './load-file.js';
import { loadFiles } from './load-files.js';

export interface OpenBundleOptions extends ScoringSize {
  checkpoint: CheckpointName;
  /** Threads that read rows. */
  threads: number;
  /** Whether raw rows will be scored: then the vocabularies are read too. */
  withIndexes: boolean;
  signal?: AbortSignal | undefined;
  /** Smaller than 2 GiB only in tests. */
  memoryBytes?: number | undefined;
}

export interface OpenedBundle {
  bundle: Bundle;
  model: ScoringModel;
  indexes: ReadonlyMap<string, VocabularyIndex>;
}

/** @throws UserError when there is no bundle, it is damaged, or it has no room in memory */
export async function openBundle(path: string, options: OpenBundleOptions): Promise<OpenedBundle> {
  const { threads, withIndexes, signal, memoryBytes, otherBytes = 0 } = options;
  const bundle = await readBundle(path);
  const file = join(path, BUNDLE_FILE);
  checkBundle(bundle, file);
  const { config, dataset, manifest, run, files } = bundle;
  if (options.checkpoint === 'last' && run.checkpoint !== 'last') {
    throw new UserError(
      `The bundle '${path}' holds the model of the best epoch alone, not the last one.`,
      'export the run again with --checkpoint last',
      2,
    );
  }
  requireSizes(path, bundle);
  const plans = bundle.tables.map((table) => planPacked(table, table.parts, threads, memoryBytes));
  const indexFiles = withIndexes ? manifest.vocabularies.map(({ index }) => index.file) : [];
  requireScoringMemory(path, config, dataset, threads, {
    ...options,
    otherBytes: otherBytes + indexFiles.reduce((sum, name) => sum + files[name].bytes, 0),
    tableBytes: plans.reduce((sum, plan) => sum + packedMemoryBytes(plan), 0),
  });
  signal?.throwIfAborted();
  const tables = bundle.tables.map((table, i) => allocatePacked(infoOf(table), plans[i]));
  const loaded = (name: string) => ({ path: join(path, name), ...files[name] });
  const jobs: LoadedFile[] = bundle.tables.flatMap((table, i) =>
    table.parts.map((part) => ({
      ...loaded(part.file),
      content: { kind: 'table' as const, arrays: arraysOf(table, part, tables[i]) },
    })),
  );
  if (withIndexes) {
    for (const { name, index } of manifest.vocabularies) {
      jobs.push({ ...loaded(index.file), content: { kind: 'index', name } });
    }
  }
  const [indexes, graph] = await Promise.all([loadFiles(jobs), readGraph(path, bundle)]);
  signal?.throwIfAborted();
  for (const { name, size } of withIndexes ? manifest.vocabularies : []) {
    const found = indexes.get(name)?.size;
    if (found !== size)
      throw new UserError(`Vocabulary '${name}' of '${path}' has ${found} rows, by bundle.json ${size}.`);
  }
  const [table, firstOrder = null] = tables;
  const model: ScoringModel = {
    kind: 'bundle',
    path,
    checkpoint: run.checkpoint,
    epoch: run.epoch,
    version: bundle.sha256.slice(0, 12),
    config,
    dataset,
    table,
    firstOrder,
    graph: () => graph,
  };
  return { bundle, model, indexes };
}

/** A table of a bundle without its files. */
export function infoOf({ name, rows, dim, groups, runs }: BundleTable) {
  return { name, rows, dim, groups, runs };
}

/** Every file is there and as large as it should be, so that what is allocated for it is not more than is there. */
function requireSizes(path: string, { files }: Bundle): void {
  for (const [name, { bytes }] of Object.entries(files)) {
    const file = join(path, name);
    if (!existsSync(file))
      throw new UserError(`The bundle '${path}' has no '${name}'.`, 'copy or export it again');
    const { size } = statSync(file);
    if (size === bytes) continue;
    throw new UserError(
      `'${file}' is damaged: it has ${size} bytes, by bundle.json ${bytes}.`,
      'export the bundle again',
    );
  }
}

/** The tensors of a part's file, and where they go. */
export function arraysOf(
  { name, dim, groups }: BundleTable,
  part: BundleTable['parts'][number],
  { places, memories }: PackedMemory,
): LoadedArray[] {
  const { format } = groups[part.group];
  const place = places.find(
    ({ group, first, rows }) => group === part.group && part.first >= first && part.first < first + rows,
  );
  if (!place) throw new Error(`No place was planned for rows ${part.first} and on of '${name}'.`);
  const memory = memories[place.memory];
  const ofRows = rowArrays(format, dim);
  const arrays = ofRows.map(
    ({ suffix, dtype, shape, rowBytes }, i): LoadedArray => ({
      name: `${name}${suffix}`,
      dtype,
      shape: [part.rows, ...shape],
      memory,
      address: place.arrays[i] + (part.first - place.first) * rowBytes,
      below: suffix === '.cluster' && format.kind === 'quantized' ? format.format.clusters : undefined,
    }),
  );
  // Every file has what its rows share with those of others.
  const shared = sharedArrays(format, dim).map(
    ({ suffix, dtype, shape }, i): LoadedArray => ({
      name: `${name}${suffix}`,
      dtype,
      shape,
      memory,
      address: place.arrays[ofRows.length + i],
    }),
  );
  return [...arrays, ...shared];
}

async function readGraph(path: string, { files }: Bundle): Promise<Uint8Array> {
  const file = join(path, GRAPH_FILE);
  const bytes = await readFile(file);
  if (createHash('sha256').update(bytes).digest('hex') === files[GRAPH_FILE].sha256) return bytes;
  throw new UserError(
    `'${file}' is damaged: its SHA-256 is another than bundle.json says.`,
    'export the bundle again',
  );
}
