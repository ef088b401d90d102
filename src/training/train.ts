// `train`: a configuration and an encoded dataset in, a run directory out. Begins a run, goes on with one that was
// stopped, or continues another's weights; the epochs themselves are in epochs.ts.
import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { rowsOfSplit } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { Config } from '../runs/config.js';
import { keepDataset } from '../runs/kept-dataset.js';
import { isOver, newProgress, type Progress } from '../runs/progress.js';
import { type Run, RunDirectory } from '../runs/run-directory.js';
import { requireSameConfig } from '../runs/same-config.js';
import { readHotRows } from '../scoring/hot-rows.js';
import { requireSameData } from '../scoring/open-run.js';
import { checkThreads } from '../team/team.js';
import type { CheckpointCost } from './checkpointing.js';
import { continueFrom, openSource, reopenSource, requireContinuable } from './continue-from.js';
import { Epochs } from './epochs.js';
import type { TrainEvent } from './events.js';
import type { MemoryReport } from './memory.js';
import { newRun } from './new-run.js';
import { openDataset } from './open-dataset.js';
import { peakRss } from './peak-memory.js';
import { type Room, requireRoom, roomFor } from './require-room.js';
import { requireSameRows, resume, warnOfOtherMachine } from './resume.js';
import { TraceFile } from './trace-file.js';
import { Trainer } from './trainer.js';
import { fp32Bytes } from './training-memory.js';

/** What to train on, how, and where to. */
export interface TrainOptions {
  /** Directory of an encoded dataset; with `resume` by default the one the run began with. */
  data?: string | undefined;
  /** Directory of the run, made here. */
  out: string;
  /** From `resolveConfig`; with `resume` by default the run's, and nothing but `training.epochs` may differ from it. */
  config?: Config | undefined;
  /** Default: all processors. The result does not depend on it. */
  threads?: number | undefined;
  /** Replaces a run that is there. */
  force?: boolean | undefined;
  /**
   * Goes on where the run at `out` was stopped, to the same result as if it never had been. Without a checkpoint it
   * begins; of a finished run it gives the result again.
   */
  resume?: boolean | undefined;
  /** A run whose weights, optimizer state and count of steps this one begins with. Its data may have been extended. */
  from?: string | undefined;
  /** Between two checkpoints, beside those at each epoch's end; default 5. Infinity: only those. */
  checkpointMinutes?: number | undefined;
  /** Where to write what each thread spends its time on, as Chrome's trace events: the newest 65,536 spans of each. */
  trace?: string | undefined;
  /** What is free here, in bytes; by default the system is asked. */
  room?: Partial<Room> | undefined;
  /** Trains even where memory or disk seem too small. */
  ignoreLimits?: boolean | undefined;
  /** Milliseconds, for `checkpointMinutes`. */
  clock?: (() => number) | undefined;
  onProgress?: ((event: TrainEvent) => void) | undefined;
  /** Stops the work after a checkpoint; `train` then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What a run came to. Bytes and seconds; metrics are of the best epoch, null where undefined. */
export interface TrainResult {
  run: string;
  /** The epoch that went on and the training steps that were done, when this process resumed the run. */
  resumedFrom: null | { epoch: number; step: number };
  bestEpoch: number;
  validation: { auc: number | null; logloss: number | null };
  /** Over all epochs. */
  samplesPerSecond: number;
  /** Of this process. */
  seconds: number;
  /** Of this process. */
  checkpoints: CheckpointCost;
  memory: { predicted: MemoryReport; allocated: MemoryReport; peakRss: number };
}

export const DEFAULT_CHECKPOINT_MINUTES = 5;

/**
 * Trains a model on an encoded dataset and writes its run directory.
 *
 * @throws UserError when the data or the place of the run is not what it should be
 * @example
 * const config = resolveConfig({ method: { name: 'alpt', bits: 4 }, training: { epochs: 1 } });
 * const { bestEpoch, validation } = await train({ data: 'data/criteo', out: 'runs/alpt-4', config });
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { out, force = false } = options;
  if (options.resume && force) {
    throw new UserError('--resume goes on with a run, --force replaces it: only one of them.', undefined, 2);
  }
  if (options.trace !== undefined && existsSync(options.trace) && !force && !options.resume) {
    throw new UserError(
      `There is a file '${options.trace}' already, where the trace is to go.`,
      'choose another --trace, or replace it with --force',
    );
  }
  const existing = options.resume ? await RunDirectory.reopen(out) : undefined;
  if (!existing) RunDirectory.requireFree(out, force);
  try {
    return existing ? await goOn(existing, options) : await begin(options);
  } finally {
    await existing?.close();
  }
}

/** A new run. */
async function begin(options: TrainOptions): Promise<TrainResult> {
  const { out, config, force = false } = options;
  if (options.data === undefined || config === undefined) {
    throw new UserError(`There is no run at '${out}' yet: it needs data to begin.`, 'pass --data DIR', 2);
  }
  const dataset = await openDataset(options.data);
  if (options.from !== undefined && isSamePlace(options.from, out)) {
    throw new UserError(
      `A run cannot take the place of '${options.from}', which it continues.`,
      'choose another --out',
      2,
    );
  }
  const source = options.from === undefined ? undefined : await openSource(options.from);
  if (source) requireContinuable(source, config, dataset.manifest);
  // Of a run that is continued, rows stay as they are stored, however often its new data counts them.
  const hotRows = source ? source.directory.run.dataset.hotRows : await readHotRows(config, dataset);
  return withTrainer(dataset, config, hotRows, options, source === undefined, async (trainer) => {
    const continued = source && (await continueFrom(trainer, source));
    // Only now: what cannot be allocated or loaded leaves no run behind, and replaces none.
    const directory = await RunDirectory.create(out, config, newRun(dataset, hotRows, source), force);
    try {
      return await trainRun({ trainer, directory, dataset, options, config, continued });
    } finally {
      await directory.close();
    }
  });
}

/** A run that exists, and is ours. */
async function goOn(directory: RunDirectory, options: TrainOptions): Promise<TrainResult> {
  const { run } = directory;
  const config = options.config ?? directory.config;
  requireSameConfig(directory.config, config);
  requireSameSource(run, options.from);
  const [newest] = directory.checkpoints.all;
  const lastEpoch = lastEpochOf(run, config);
  const isFinished =
    run.state === 'finished' &&
    newest !== undefined &&
    isOver(newest.progress, lastEpoch, config.training.patience);
  if (isFinished && options.data === undefined) return storedResult(directory, options.out);
  const dataset = await openDataset(options.data ?? run.data);
  requireSameData(directory, dataset.manifest, 'go on with the data the run began with.', 'same');
  if (isFinished) return storedResult(directory, options.out);
  await requireSameRows(directory, dataset);
  return withTrainer(dataset, config, run.dataset.hotRows, options, false, (trainer) =>
    trainRun({ trainer, directory, dataset, options, config, continued: undefined }),
  );
}

async function withTrainer<T>(
  dataset: EncodedDataset,
  config: Config,
  hotRows: number[] | undefined,
  { threads = availableParallelism(), out, room, trace, ignoreLimits = false }: TrainOptions,
  /** Whether another setting could be chosen. */
  isFree: boolean,
  work: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  checkThreads(threads);
  if (!ignoreLimits) {
    const override = 'pass --ignore-limits';
    requireRoom({ config, dataset, threads, out, room: roomFor(out, room), isFree, override });
  }
  const traceFile = trace === undefined ? null : await TraceFile.create(trace);
  try {
    const trainer = new Trainer({ dataset, config, threads, hotRows, hasTrace: traceFile !== null });
    try {
      return await work(trainer);
    } finally {
      await trainer.close();
      await traceFile?.write(trainer.traces);
    }
  } catch (error) {
    await traceFile?.abandon();
    throw error;
  }
}

interface RunParts {
  trainer: Trainer;
  directory: RunDirectory;
  dataset: EncodedDataset;
  options: TrainOptions;
  config: Config;
  /** Where a new run begins that continues another, whose weights the trainer has. */
  continued: Progress | undefined;
}

/** From where the run stands to its end. */
async function trainRun(parts: RunParts): Promise<TrainResult> {
  const { trainer, directory, dataset, options, config } = parts;
  const began = performance.now();
  const { signal, checkpointMinutes = DEFAULT_CHECKPOINT_MINUTES } = options;
  const emit = options.onProgress ?? (() => {});
  const { threads = availableParallelism() } = options;
  emit({
    kind: 'start',
    memory: trainer.predicted,
    fp32Bytes: fp32Bytes(config, dataset.manifest),
    threads,
    rows: rowsOfSplit(dataset.manifest, 'train'),
  });
  const { progress, resumedFrom } = await beginning(parts, emit);
  if (!resumedFrom) await keepDataset(directory.path, dataset);
  if (config.training.epochs !== directory.config.training.epochs) await directory.reconfigure(config);
  if (directory.run.state === 'finished') await directory.update({ state: 'running', result: null });
  const epochs = new Epochs({
    trainer,
    directory,
    config,
    progress,
    lastEpoch: lastEpochOf(directory.run, config),
    hasValidation: rowsOfSplit(dataset.manifest, 'validation') > 0,
    checkpointMs: checkpointMinutes * 60_000,
    clock: options.clock ?? (() => performance.now()),
    emit,
    signal,
  });
  await epochs.run();
  const { best, rowsBefore, secondsBefore } = epochs.progress;
  if (!best) throw new Error('No epoch was trained.');
  const result: TrainResult = {
    run: options.out,
    resumedFrom,
    bestEpoch: best.epoch,
    validation: { auc: best.auc, logloss: best.logloss },
    samplesPerSecond: rowsBefore / secondsBefore,
    seconds: (performance.now() - began) / 1000,
    checkpoints: epochs.checkpointing.cost,
    memory: {
      predicted: trainer.predicted,
      allocated: await trainer.allocatedMemory(),
      peakRss: peakRss(),
    },
  };
  await directory.update({ state: 'finished', result });
  // The one before the newest was for the case that something happens to that while training goes on.
  const { checkpoints } = directory;
  await checkpoints.keep(checkpoints.all.slice(0, 1));
  return result;
}

/** Where training begins: at a checkpoint, at another run's end, or with nothing. */
async function beginning(
  { trainer, directory, continued }: RunParts,
  emit: (event: TrainEvent) => void,
): Promise<{ progress: Progress; resumedFrom: TrainResult['resumedFrom'] }> {
  const { run } = directory;
  const warn = (message: string) => emit({ kind: 'warning', message });
  if (!continued) {
    warnOfOtherMachine(run, warn);
    const progress = await resume(trainer, directory, warn);
    if (progress) {
      const at = { epoch: progress.epoch, step: progress.trainingStep };
      emit({ kind: 'resume', ...at, from: null });
      return { progress, resumedFrom: at };
    }
  }
  if (!run.from) return { progress: newProgress(), resumedFrom: null };
  const progress = continued ?? (await continueFrom(trainer, await reopenSource(run.from)));
  emit({ kind: 'resume', epoch: progress.epoch, step: progress.trainingStep, from: run.from.run });
  return { progress, resumedFrom: null };
}

/** Whether two paths lead to one directory that exists. */
function isSamePlace(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b);
}

/** The number of the last epoch: those of a run it continues count, and `training.epochs` are its own. */
function lastEpochOf({ from }: Run, { training }: Config): number {
  return (from?.epoch ?? 0) + training.epochs;
}

function storedResult(directory: RunDirectory, out: string): TrainResult {
  return { ...(directory.run.result as TrainResult), run: out };
}

function requireSameSource({ from }: Run, given: string | undefined): void {
  if (given === undefined || from?.run === resolve(given)) return;
  throw new UserError(
    `--from is '${given}', but the run began ${from ? `from '${from.run}'` : 'from no other run'}.`,
    'leave it out, or train another run with another --out',
    2,
  );
}
