// Opens a trained run for scoring: its table without optimizer state, a team, and the scoring graph.
import { existsSync } from 'node:fs';
import type { Manifest } from '../data/manifest.js';
import { allocateTable, type TableMemory } from '../embedding/table-memory.js';
import { UserError } from '../errors.js';
import { denseLayout } from '../models/dense.js';
import { type DenseTensor, loadCheckpoint } from '../runs/checkpoint.js';
import { type CheckpointName, type Run, RunDirectory } from '../runs/run-directory.js';
import { createModel, embeddingSpec, firstOrderSpec } from './blueprint.js';
import { requireScoringMemory, type ScoringSize } from './require-memory.js';
import { denseTensors } from './scoring-graph.js';

/** A run's model in memory. */
export interface OpenedRun {
  directory: RunDirectory;
  /** Of embeddings. */
  table: TableMemory;
  /** Of first-order weights, where the model has them. */
  firstOrder: TableMemory | null;
  dense: DenseTensor[];
  /** Of the checkpoint: epoch, step, fingerprint. */
  metadata: Readonly<Record<string, string>>;
}

/** Loads a run's model into memory. @throws UserError when there is no such run, or it has no room */
export async function openRun(
  path: string,
  checkpoint: CheckpointName,
  threads: number,
  size: ScoringSize = {},
): Promise<OpenedRun> {
  const directory = await RunDirectory.open(path);
  if (checkpoint === 'best' && !existsSync(directory.checkpoint('best'))) {
    throw new UserError(
      `The run '${path}' holds no best model yet: it was stopped before the end of its first epoch.`,
      'go on with `bitrow train --resume`, or ask for --checkpoint last',
    );
  }
  const { config, run } = directory;
  requireScoringMemory(path, config, run.dataset, threads, size);
  const model = createModel(config, run.dataset, 'training');
  const options = { threads, isTraining: false };
  const table = allocateTable(embeddingSpec(config, run.dataset, options));
  const weights = firstOrderSpec(config, run.dataset, model, options);
  const firstOrder = weights && allocateTable(weights);
  const statistics = model.statistics.reduce((sum, { width }) => sum + width, 0);
  const dense = denseTensors(
    model,
    new Float32Array(denseLayout(model).length),
    new Float32Array(statistics),
  );
  const metadata = await loadCheckpoint(directory.checkpoint(checkpoint), {
    tables: tablesOf({ table, firstOrder }),
    dense,
  });
  if (metadata.fingerprint !== run.dataset.fingerprint) {
    throw new UserError(`'${directory.checkpoint(checkpoint)}' was trained on other data than its run.`);
  }
  return { directory, table, firstOrder, dense, metadata };
}

/** All tables of a model, the embeddings first. */
export function tablesOf({ table, firstOrder }: Pick<OpenedRun, 'table' | 'firstOrder'>): TableMemory[] {
  return firstOrder ? [table, firstOrder] : [table];
}

/**
 * Refuses data whose ids do not mean what they meant when the run was trained, naming the first field that differs.
 *
 * @param help what to do
 * @param allowed whether data that extends the run's is accepted: its vocabularies may be larger
 */
export function requireSameData(
  { run }: { run: Pick<Run, 'dataset'> },
  manifest: Manifest,
  help = 'evaluate on the data set the run was trained on.',
  allowed: 'same' | 'extended' = 'extended',
): void {
  const { fingerprint, fields, vocabularySizes, fieldVocabularies } = run.dataset;
  if (fingerprint === manifest.fingerprint) return;
  const extendsRun = allowed === 'extended' && (manifest.extends ?? []).includes(fingerprint);
  const names = manifest.fields.map(({ name }) => name);
  const sizes = new Map(manifest.vocabularies.map(({ name, size }) => [name, size]));
  for (const [i, name] of fields.entries()) {
    if (names[i] !== name) {
      throw new UserError(
        `Field ${i + 1} of the run is '${name}', of the data '${names[i] ?? 'none'}'.`,
        help,
      );
    }
    const size = sizes.get(manifest.fields[i].vocabulary) ?? 0;
    const expected = vocabularySizes[fieldVocabularies[i]];
    if (extendsRun ? size < expected : size !== expected) {
      throw new UserError(`Field '${name}' has ${expected} values in the run and ${size} in the data.`, help);
    }
  }
  if (extendsRun && names.length === fields.length) return;
  throw new UserError(
    `The data's fingerprint ${manifest.fingerprint.slice(0, 12)} is not the run's ${fingerprint.slice(0, 12)}: some vocabulary differs.`,
    help,
  );
}
