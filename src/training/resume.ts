// Going on where a run stopped: which of its checkpoints, whether data and machine are those it began with, and its
// files cut back to what they were then.
import { cpus } from 'node:os';
import { join } from 'node:path';
import { sha256OfFile } from '../data/checksum.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';
import { onnxruntimeVersion } from '../graph/session.js';
import { kernelVariant } from '../kernels/load.js';
import { checkpointStep } from '../runs/checkpoint.js';
import { type Checkpoint, place } from '../runs/checkpoints.js';
import { type Progress, trainedEpoch } from '../runs/progress.js';
import type { Run, RunDirectory } from '../runs/run-directory.js';
import { version } from '../version.js';
import { checkpointMetadata } from './checkpointing.js';
import type { Trainer } from './trainer.js';

/** What has a say in the bits of a result, here and now. */
export function madeHere(): Run['made'] {
  return {
    bitrow: version,
    onnxruntime: onnxruntimeVersion,
    kernels: kernelVariant,
    processor: cpus()[0]?.model ?? 'unknown',
  };
}

/** Says which of them differ from those a run began with. */
export function warnOfOtherMachine({ made }: Run, warn: (message: string) => void): void {
  const here = madeHere();
  for (const what of ['bitrow', 'onnxruntime', 'kernels', 'processor'] as const) {
    if (made[what] === here[what]) continue;
    warn(
      `The run began with ${what} '${made[what]}', this is '${here[what]}': its results may differ in their last bits.`,
    );
  }
}

/** Refuses rows that are not those the run began with: read whole, as the next epoch will read them anyway. */
export async function requireSameRows(
  { run }: RunDirectory,
  { dir, manifest }: EncodedDataset,
): Promise<void> {
  for (const { name, rows, sha256 } of run.dataset.splits) {
    const split = manifest.splits.find((candidate) => candidate.name === name);
    const help = 'prepare them again as they were, or train another run';
    if (split?.rows !== rows || split.sha256 !== sha256) {
      throw new UserError(
        `The rows of split '${name}' in '${dir}' changed since the run began (${rows} rows then, ${split?.rows ?? 'none'} now).`,
        help,
      );
    }
    const path = join(dir, split.file);
    const found = await sha256OfFile(path).catch(() => undefined);
    // Data sets made by hand may state no checksum.
    if (sha256 === '' || found === sha256) continue;
    throw new UserError(
      found === undefined
        ? `File '${path}' of split '${name}' cannot be read.`
        : `File '${path}' of split '${name}' changed since the run began.`,
      help,
    );
  }
}

/**
 * Brings a fresh trainer to the newest checkpoint that is whole, and the run's files to what they were then.
 *
 * @returns where training stands; undefined when the run has no checkpoint yet
 * @throws UserError when there are checkpoints, and none of them is whole
 */
export async function resume(
  trainer: Trainer,
  directory: RunDirectory,
  warn: (message: string) => void,
): Promise<Progress | undefined> {
  const { checkpoints } = directory;
  if (checkpoints.all.length === 0) {
    await directory.cutMetrics(0);
    return undefined;
  }
  const checkpoint = await newestWhole(directory, warn);
  const { progress } = checkpoint;
  await directory.cutMetrics(progress.metricsBytes);
  await trainer.restore(checkpoints.path(checkpoint), progress.trainingStep);
  await requireBest(trainer, directory, progress);
  const { all } = checkpoints;
  await checkpoints.keep(all.slice(all.indexOf(checkpoint)));
  return progress;
}

async function newestWhole(directory: RunDirectory, warn: (message: string) => void): Promise<Checkpoint> {
  const { checkpoints } = directory;
  const reasons: string[] = [];
  for (const checkpoint of checkpoints.all) {
    try {
      await checkpoints.verify(checkpoint);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reasons.push(error.message);
      continue;
    }
    for (const reason of reasons) warn(`${reason} Going on from the one before, ${place(checkpoint)}.`);
    return checkpoint;
  }
  throw new UserError(
    `No checkpoint of '${directory.path}' can be used. ${reasons.join(' ')}`,
    'begin again with --force',
  );
}

/**
 * The copy of the best model must be the one the checkpoint knows, or of a later epoch, which training will come to
 * and copy again. Where it is neither, the checkpoint itself may be the best epoch's.
 */
async function requireBest(trainer: Trainer, directory: RunDirectory, progress: Progress): Promise<void> {
  const { best } = progress;
  if (!best) return;
  const path = directory.checkpoint('best');
  const found = await sha256OfFile(path).catch(() => undefined);
  if (found === best.sha256) return;
  if (best.epoch === trainedEpoch(progress) && progress.batch === 0) {
    await trainer.save(path, checkpointMetadata(progress, directory.run.dataset.fingerprint));
    return;
  }
  if (found !== undefined && (await checkpointStep(path)) > progress.trainingStep) return;
  throw new UserError(
    `The best model '${path}' is ${found === undefined ? 'missing' : 'damaged'}: it is not the one of epoch ${best.epoch} that the checkpoint knows.`,
    'begin again with --force',
  );
}
