// `train --from RUN`: a new run that begins with another's weights and optimizer state, on the same data or on data
// that extends it. Rows of new values are initial: nobody wrote them, so the generator gives them.
//
// What goes on counting: training steps, since all randomness is a function of the step and none may be drawn twice;
// epochs, since the order of an epoch and the learning rate's drops are functions of its number. What begins anew: the
// number of epochs to train, early stopping and the best copy, since the validation split may be another.
import { resolve } from 'node:path';
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { Checkpoint } from '../runs/checkpoints.js';
import type { Config } from '../runs/config.js';
import { newProgress, type Progress, trainedEpoch } from '../runs/progress.js';
import { type Run, RunDirectory } from '../runs/run-directory.js';
import { requireSameModel } from '../runs/same-config.js';
import type { NumberStatistics } from '../schema/number-input.js';
import { createMethod, datasetShape, offsetsByTable, vocabularyOffsets } from '../scoring/blueprint.js';
import { requireSameData } from '../scoring/open-run.js';
import type { Trainer } from './trainer.js';

/** A run to continue, and its newest checkpoint. */
export interface Source {
  directory: RunDirectory;
  checkpoint: Checkpoint;
}

/** Opens a run to continue. @throws UserError when it has no checkpoint, or its newest is damaged */
export async function openSource(path: string): Promise<Source> {
  const directory = await RunDirectory.open(path);
  const [checkpoint] = directory.checkpoints.all;
  if (!checkpoint) {
    throw new UserError(`The run '${path}' has no checkpoint yet: there is nothing to continue from.`);
  }
  await directory.checkpoints.verify(checkpoint);
  return { directory, checkpoint };
}

/** What the new run remembers of it. */
export function sourceRecord({ directory, checkpoint }: Source): NonNullable<Run['from']> {
  const { progress, sha256 } = checkpoint;
  return {
    run: resolve(directory.path),
    id: directory.run.id,
    epoch: trainedEpoch(progress),
    trainingStep: progress.trainingStep,
    sha256,
  };
}

/** @throws UserError when configuration or data of the new run do not fit the old one's weights */
export function requireContinuable({ directory }: Source, config: Config, manifest: Manifest): void {
  requireSameModel(directory.config, config);
  const [was, is] = [directory.config, config].map((each) => createMethod(each).storage);
  if (was.bits !== is.bits) {
    throw new UserError(
      `Codes are stored in ${is.bits} bits, but in the run in ${was.bits}.`,
      `take the same '${config.method.name}.storedBits'`,
      2,
    );
  }
  if (was.tableStep !== is.tableStep) {
    throw new UserError(
      `Rows begin with step ${is.tableStep}, but in the run with ${was.tableStep}.`,
      `leave out what changes it: options of '${config.method.name}', --preset`,
      2,
    );
  }
  if (was.hasRowStep !== is.hasRowStep) {
    const [now, then] = [is, was].map((one) => (one.hasRowStep ? 'a step each' : 'one step in common'));
    throw new UserError(
      `Rows have ${now}, but in the run ${then}.`,
      `leave out --set ${config.method.name}.granularity`,
      2,
    );
  }
  if (was.range !== is.range) {
    throw new UserError(
      `The grids of rows are ${is.range}, but in the run ${was.range}.`,
      `take the same '${config.method.name}.range'`,
      2,
    );
  }
  const help = 'train on the data of that run, or on data that extends it.';
  requireSameData(directory, manifest, help);
  requireSameLookups(directory, config, manifest);
  requireSameNumbers(directory.run.dataset.numbers, manifest.numbers, help);
}

/** Rows that are found by a feature's number over all vocabularies are another's when one of these has grown. */
function requireSameLookups({ config: from, run }: RunDirectory, config: Config, manifest: Manifest): void {
  const [was, is] = [from, config].map((each) => createMethod(each).storage.lookups);
  if (is === undefined && was === undefined) return;
  const { name } = config.method;
  const [wasText, isText] = [was, is].map((lookups) => JSON.stringify(lookups));
  if (wasText !== isText) {
    throw new UserError(
      `The method '${name}' looks rows up by ${isText}, but in the run by ${wasText}.`,
      `leave out what changes it: options of '${name}'`,
      2,
    );
  }
  const sizes = [run.dataset, datasetShape(manifest)].map((shape) => vocabularyOffsets(shape));
  if (sizes[0].every((offset, vocabulary) => offset === sizes[1][vocabulary])) return;
  const [before, now] = sizes.map((offsets) => offsets[offsets.length - 1]);
  throw new UserError(
    `The method '${name}' finds rows by a value's number among those of all fields, ${before} in the run and ${now} in the data: the same value would have other rows.`,
    'train a new run, or continue this one on the data it was trained on',
  );
}

/** Equal ids do not make equal inputs: data prepared anew measures its numbers anew. */
function requireSameNumbers(
  run: readonly NumberStatistics[] = [],
  data: readonly NumberStatistics[] = [],
  help: string,
): void {
  for (const [i, { name, mean, deviation }] of data.entries()) {
    if (run[i].mean === mean && run[i].deviation === deviation) continue;
    throw new UserError(
      `The data standardise '${name}' by mean ${mean} and deviation ${deviation}, the run by mean ${run[i].mean} and deviation ${run[i].deviation}.`,
      help,
    );
  }
}

/** Loads a source into a fresh trainer. @returns where training begins */
export async function continueFrom(trainer: Trainer, source: Source): Promise<Progress> {
  const { directory, checkpoint } = source;
  const { epoch, trainingStep } = sourceRecord(source);
  const offsets = offsetsByTable(directory.config, directory.run.dataset);
  await trainer.restore(directory.checkpoints.path(checkpoint), trainingStep, offsets);
  return newProgress(epoch + 1, trainingStep);
}

/** The source of a run that has no checkpoint of its own yet. @throws UserError when it is no longer what it was */
export async function reopenSource({ run, sha256 }: NonNullable<Run['from']>): Promise<Source> {
  const source = await openSource(run);
  if (source.checkpoint.sha256 === sha256) return source;
  throw new UserError(
    `The run '${run}' went on since this one began with its weights.`,
    'begin again with --force',
  );
}
