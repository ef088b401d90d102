// A run of a method that trains exactly as `full` does, and differs in what is read afterwards, made from the best
// model of a run of `full`: minutes of training become a second. The new run is as finished as any other: evaluate,
// predict, inspect and `open` take it. What it has not is an optimizer state, so no training goes on from it, and
// validation metrics, since its model was not scored.
//
// With one epoch it is the run that `train` would make, in every bit of the model. With more, its epoch is the best one
// of `full`, where `train` chooses by the metrics of the method itself.
import { randomUUID } from 'node:crypto';
import { copyFile, link } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sha256OfFile } from '../data/checksum.js';
import type { MethodSpec } from '../embedding/method.js';
import { methodNames, methods } from '../embedding/methods.js';
import { Table } from '../embedding/table.js';
import { allocateParameters, type TableMemory } from '../embedding/table-memory.js';
import { UserError } from '../errors.js';
import { saveCheckpoint } from '../runs/checkpoint.js';
import type { Config } from '../runs/config.js';
import { keepDataset, readKeptDataset } from '../runs/kept-dataset.js';
import { newProgress } from '../runs/progress.js';
import { RunDirectory } from '../runs/run-directory.js';
import { requireSameTraining } from '../runs/same-config.js';
import { createMethod } from '../scoring/blueprint.js';
import { openRun, tablesOf } from '../scoring/open-run.js';
import { checkpointMetadata } from './checkpointing.js';

/** What to make from which run. */
export interface DeriveOptions {
  /** Directory of a finished run of the method that the new one is derived from. */
  from: string;
  /** Directory of the new run, made here. */
  out: string;
  /** Of the new run: but for `method` and the method's own section that of the old one. */
  config: Config;
  /** Replaces a run that is there. */
  force?: boolean | undefined;
}

/**
 * Makes a run of a derived method from the best model of a finished run.
 *
 * @throws UserError when the method is not derived from the run's, the run is not finished or of another
 * configuration, or the place is taken
 * @example
 * const config = resolveConfig({ method: { name: 'round', bits: 4 } });
 * await deriveRun({ from: 'runs/full', out: 'runs/round-4', config });
 */
export async function deriveRun({ from, out, config, force = false }: DeriveOptions): Promise<void> {
  RunDirectory.requireFree(out, force);
  const source = await RunDirectory.open(from);
  requireDerivable(source, config);
  const { table: trained, firstOrder, dense, metadata } = await openRun(from, 'best', 1);
  const method = createMethod(config);
  // The same rows in the same memory: only their view is the new method's.
  const spec = { ...trained.spec, storage: method.storage };
  const table: TableMemory = { ...trained, spec, parameters: allocateParameters(spec) };
  method.finishEpoch?.(new Table(table, 0));

  const { run } = source;
  const { fingerprint } = run.dataset;
  const best = source.checkpoint('best');
  const derived = { run: resolve(from), id: run.id, sha256: await sha256OfFile(best) };
  const manifest = await readKeptDataset(from, fingerprint);
  const directory = await RunDirectory.create(
    out,
    config,
    { ...run, id: randomUUID(), state: 'running', from: null, derived, result: null },
    force,
  );
  try {
    await keepDataset(out, { dir: from, manifest });
    const metricsBytes = await copyMetrics(source, directory);
    const [epoch, trainingStep] = [Number(metadata.epoch), Number(metadata.trainingStep)];
    const path = directory.checkpoint('best');
    const progress = { ...newProgress(epoch + 1, trainingStep), metricsBytes };
    const tables = tablesOf({ table, firstOrder });
    await saveCheckpoint(path, { tables, dense, metadata: checkpointMetadata(progress, fingerprint) });
    const sha256 = await sha256OfFile(path);
    await directory.checkpoints.add(
      { ...progress, best: { epoch, auc: null, logloss: null, sha256 } },
      (last) => link(path, last).catch(() => copyFile(path, last)),
    );
    const validation = { auc: null, logloss: null };
    const result = { ...Object(run.result), run: out, resumedFrom: null, bestEpoch: epoch, validation };
    await directory.update({ state: 'finished', result });
  } finally {
    await directory.close();
  }
}

/** @throws UserError when the run's best model is not what the method of `config` would have trained */
function requireDerivable({ path, run, config: trained }: RunDirectory, config: Config): void {
  const { name } = config.method;
  const { derivedFrom } = methods[name] as MethodSpec<unknown>;
  if (derivedFrom === undefined) {
    const others = methodNames.filter((other) => 'derivedFrom' in methods[other]);
    throw new UserError(
      `The method '${name}' is not made from a run of another one (those that are: ${others.join(', ')}).`,
      `train it with \`bitrow train --method ${name}\``,
      2,
    );
  }
  if (trained.method.name !== derivedFrom) {
    throw new UserError(
      `A model of '${name}' is made from a run of '${derivedFrom}', but '${path}' is one of '${trained.method.name}'.`,
      undefined,
      2,
    );
  }
  if (run.state !== 'finished') {
    throw new UserError(`The run '${path}' is not finished.`, 'go on with `bitrow train --resume`');
  }
  requireSameTraining(trained, config);
}

/** The lines of the training, without metrics of a model that is not this one. @returns bytes of the file */
async function copyMetrics(source: RunDirectory, directory: RunDirectory): Promise<number> {
  let bytes = 0;
  for (const line of await source.metrics()) {
    bytes = await directory.appendMetrics({ ...Object(line), validation: null });
  }
  return bytes;
}
