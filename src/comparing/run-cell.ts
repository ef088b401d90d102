// One cell, from its configuration to cell.json: train (or resume), score once, note what the comparison's report
// needs, delete the weights. Runs in a process of its own (cell-process.ts).
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.js';
import type { Cell, CellMetrics } from '../reports/comparison.js';
import type { Config } from '../runs/config.js';
import { RunLock } from '../runs/lock.js';
import { RunDirectory } from '../runs/run-directory.js';
import { evaluate } from '../scoring/evaluate.js';
import { frequencyDeciles } from '../scoring/frequency-deciles.js';
import { deriveRun } from '../training/derive.js';
import { isDivergence } from '../training/diagnose.js';
import type { TrainEvent } from '../training/events.js';
import { madeHere } from '../training/resume.js';
import { type TrainResult, train } from '../training/train.js';
import { emptyCell, metricsOf, recordedEpochs } from './cell-record.js';
import { CELL_FILE, type DataIdentity, writeCell } from './cell-store.js';

/** A training to be done. Plain data: it is sent to the process that does it. */
export interface CellTask {
  /** Directory of the data set. */
  data: string;
  identity: DataIdentity;
  /** The cell's folder. */
  folder: string;
  /** With the cell's seed. */
  config: Config;
  /** The split to score beside validation. */
  split: string | null;
  hasValidation: boolean;
  threads: number;
  /** Keep weights and checkpoints. */
  keepRuns: boolean;
  /** Train even where memory or disk seem too small. */
  ignoreLimits: boolean;
  /** Cells whose models are made from this one's. */
  derived: readonly { folder: string; config: Config }[];
}

export interface CellHooks {
  onProgress?: ((event: TrainEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Trains a cell and writes its cell.json. A training that diverges is a result too.
 *
 * @throws what training and scoring throw, also the signal's reason; the cell can then be run again and goes on
 */
export async function runCell(task: CellTask, hooks: CellHooks = {}): Promise<void> {
  const began = performance.now();
  const run = join(task.folder, 'run');
  await untilFree(run);
  // A cell that finished before, and whose weights are gone: what is made from it needs them again.
  if (await isSpent(run)) await rm(run, { recursive: true });
  // Weights that an earlier call was told to keep stay.
  const wasKept = isStored(task) && existsSync(run);
  const elapsed = () => (performance.now() - began) / 1000;
  try {
    const { data, config, threads, ignoreLimits } = task;
    const options = { data, out: run, config, threads, ignoreLimits, resume: true };
    const result = await train({ ...options, ...hooks });
    if (!isStored(task)) await store(task, await finishedCell(task, result, hooks.signal), elapsed());
    for (const derived of task.derived) await runDerived({ ...task, ...derived }, result, hooks.signal);
  } catch (error) {
    if (!isDivergence(error)) throw error;
    const diverged = { ...emptyCell(task.config), status: 'diverged', error: error.message } as const;
    await store(task, { ...diverged, epochs: await recordedEpochs(run) }, elapsed());
    for (const derived of task.derived) await store({ ...task, ...derived }, diverged);
  }
  if (!task.keepRuns && !wasKept) await deleteWeights(run);
}

/** A cell without a training of its own, made from the model of another's. */
async function runDerived(task: CellTask, from: TrainResult, signal: AbortSignal | undefined): Promise<void> {
  const { folder, config } = task;
  const out = join(folder, 'run');
  // What an interrupted process left of it is made anew.
  await deriveRun({ from: from.run, out, config, force: true });
  const validation = task.hasValidation ? await score(task, 'validation', signal) : null;
  const looked = await looks(task, signal);
  const { bestEpoch } = from;
  await store(task, { ...emptyCell(config), status: 'finished', bestEpoch, validation, ...looked });
  if (!task.keepRuns) await deleteWeights(out);
}

/** Writes cell.json, unless the cell was there before. */
async function store(task: CellTask, cell: Cell, elapsedSeconds?: number): Promise<void> {
  if (isStored(task)) return;
  const { folder, identity, config, split, threads } = task;
  const made = madeHere();
  const stored = { format: 'bitrow-cell-1', data: identity, config, split, threads, made, cell } as const;
  await writeCell(folder, { ...stored, elapsedSeconds });
}

function isStored({ folder }: CellTask): boolean {
  return existsSync(join(folder, CELL_FILE));
}

async function finishedCell(task: CellTask, result: TrainResult, signal?: AbortSignal): Promise<Cell> {
  const epochs = await recordedEpochs(result.run);
  return {
    ...emptyCell(task.config),
    status: 'finished',
    bestEpoch: result.bestEpoch,
    validation: task.hasValidation ? result.validation : null,
    epochs,
    samplesPerSecond: result.samplesPerSecond,
    // Of all processes that trained it, where `result.seconds` is of the last one.
    seconds: epochs.reduce((sum, epoch) => sum + epoch.trainSeconds + epoch.validationSeconds, 0),
    peakRss: result.memory.peakRss,
    ...(await looks(task, signal)),
  };
}

/** What is scored once, with the best model. */
async function looks(task: CellTask, signal?: AbortSignal): Promise<Pick<Cell, 'test' | 'deciles'>> {
  const { data, split, threads, folder, hasValidation, ignoreLimits } = task;
  const test = split === null ? null : await score(task, split, signal);
  const run = join(folder, 'run');
  const deciles = hasValidation
    ? await frequencyDeciles({ run, data, split: 'validation', threads, ignoreLimits, signal })
    : null;
  return { test, deciles };
}

async function score(
  { data, folder, threads, ignoreLimits }: CellTask,
  split: string,
  signal?: AbortSignal,
): Promise<CellMetrics> {
  const run = join(folder, 'run');
  return metricsOf(await evaluate({ run, data, split, threads, ignoreLimits, ...(signal && { signal }) }));
}

/** What stays of a run: its configuration, its epochs and what it came to. */
const kept = new Set(['config.yaml', 'metrics.jsonl', 'run.json']);

async function deleteWeights(run: string): Promise<void> {
  for (const name of await readdir(run)) {
    if (!kept.has(name)) await rm(join(run, name), { recursive: true, force: true });
  }
}

/** Whether a run has finished and its weights were deleted. */
async function isSpent(run: string): Promise<boolean> {
  if (!existsSync(join(run, 'run.json')) || existsSync(join(run, 'best.safetensors'))) return false;
  return (await RunDirectory.open(run)).run.state === 'finished';
}

/** How long the process of a comparison that was killed may take to write its checkpoint. */
const PATIENCE_MS = 60_000;

/** Waits for such a process to let go of the run; after that `train` says who holds it. */
async function untilFree(run: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await setTimeout(100)) {
    try {
      RunLock.requireFree(run);
      return;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
}
