// `compare`: variants × seeds on one data set. Plans the cells, has those that are missing trained, and writes the
// comparison after each.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { splitOf } from '../batch/split-file.js';
import { type Manifest, rowsOfSplit } from '../data/manifest.js';
import { freeDisk } from '../machine/free-disk.js';
import { freeMemory } from '../machine/free-memory.js';
import type { Comparison } from '../reports/comparison.js';
import { checkThreads } from '../team/team.js';
import { openDataset } from '../training/open-dataset.js';
import type { Room } from '../training/require-room.js';
import { madeHere } from '../training/resume.js';
import { calibrate } from './calibrate.js';
import { CellStore, dataIdentity } from './cell-store.js';
import { CellsInWork } from './cells-in-work.js';
import { comparisonHead } from './comparison-record.js';
import { requireJobs, secondsOf, shareMachine } from './estimate.js';
import type { CompareEvent } from './events.js';
import { planCells, planTrainings, referenceFirst, requireComparable } from './plan.js';
import { requireRoomForCells } from './room-for-cells.js';
import { storedWarnings } from './stored-warnings.js';
import type { VariantSpec } from './variants.js';

export interface CompareOptions {
  /** Directory of an encoded data set. */
  data: string;
  /** Directory of the comparison, made here. Cells that have finished in it are not trained again. */
  out: string;
  /** What is compared; `full`, if it is there, comes first in the comparison. */
  variants: readonly VariantSpec[];
  /** Each variant is trained with each of them. */
  seeds: readonly number[];
  /** Scored once per cell beside validation; default `test` where the data has it. Null: none. */
  split?: string | null | undefined;
  /** Of all cells together; default: all processors. No result depends on it. */
  threads?: number | undefined;
  /** Cells at a time; default 'auto': as many as memory allows with two threads each. */
  jobs?: number | 'auto' | undefined;
  /** Where no cell has finished, estimate the time by training on a few batches of each kind; default: say nothing. */
  calibrates?: boolean | undefined;
  /** Keep the weights of every cell; default: delete them when it is scored. */
  keepRuns?: boolean | undefined;
  /** What is free here, in bytes; by default the system is asked. */
  room?: Partial<Room> | undefined;
  /** Trains even where memory or disk seem too small. */
  ignoreLimits?: boolean | undefined;
  /** The command that repeats it, for the report. */
  command: string;
  onProgress?: ((event: CompareEvent) => void) | undefined;
  /** Stops after a checkpoint of every cell; `compare` then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Trains every variant with every seed, scores each once, and writes `out/comparison.json` after every cell. A cell
 * that diverges is a result; one that fails is left for the next call, and the others go on.
 *
 * @throws UserError when variants, seeds or split make no comparison, or `out` holds something else
 * @example
 * const variants = ['full', 'alpt'].map((name) => ({ name, config: resolveConfig({ method: { name } }) }));
 * const { variants: [full, alpt] } = await compare({
 *   data: 'data/flights', out: 'comparisons/first', variants, seeds: [1, 2], command: 'node compare.js',
 * });
 */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { data, out, seeds, jobs = 'auto', signal, onProgress: emit = () => {} } = options;
  const threads = options.threads ?? availableParallelism();
  checkThreads(threads);
  requireJobs(jobs, threads);
  requireComparable(options.variants, seeds);
  const variants = referenceFirst(options.variants);
  const dataset = await openDataset(data);
  const { manifest } = dataset;
  const split = scoredSplit(manifest, options.split);
  const cells = planCells(variants, seeds, manifest.fingerprint);
  const head = comparisonHead({ ...options, variants, split, manifest });
  const store = await CellStore.open(out, dataIdentity(manifest));
  try {
    const work = new CellsInWork(store, head, cells, emit);
    const trainings = planTrainings(cells, manifest.fingerprint, (key) => store.get(key) !== undefined);
    const configs = trainings.map(({ config }) => config);
    const available = options.room?.memory ?? freeMemory();
    const sharing = shareMachine(configs, manifest, { threads, jobs, available });
    if (!options.ignoreLimits) {
      const disk = options.room?.disk ?? freeDisk(out);
      requireRoomForCells(
        trainings,
        manifest,
        sharing,
        { memory: available, disk },
        options.keepRuns ?? false,
      );
    }
    const known = secondsOf(trainings, store.all(), sharing.jobs);
    const timed =
      known === null && options.calibrates
        ? await calibrate(dataset, configs, sharing.threads, signal)
        : null;
    emit({
      kind: 'start',
      variants: variants.length,
      seeds: seeds.length,
      cells: cells.length,
      finished: cells.filter(({ key }) => store.get(key)).length,
      trainings: trainings.length,
      forOthers: trainings.filter(({ key }) => store.get(key) || cells.every((cell) => cell.key !== key))
        .length,
      jobs: sharing.jobs,
      threads: sharing.threads,
      memoryBytes: sharing.bytes,
      availableBytes: available,
      seconds: known ?? (timed === null ? null : timed / sharing.jobs),
      secondsFrom: known === null ? 'batches' : 'cells',
      epochs: Math.max(...variants.map(({ config }) => config.training.epochs)),
    });
    const before = cells.flatMap(({ key }) => store.get(key) ?? []);
    const now = { split, threads: sharing.threads, made: madeHere() };
    for (const message of storedWarnings(before, now)) emit({ kind: 'warning', message });
    await work.write('always');
    const task = {
      data: resolve(data),
      identity: dataIdentity(manifest),
      split,
      hasValidation: rowsOfSplit(manifest, 'validation') > 0,
      threads: sharing.threads,
      keepRuns: options.keepRuns ?? false,
      ignoreLimits: options.ignoreLimits ?? false,
    };
    try {
      await work.run(trainings, task, sharing.jobs, signal);
    } finally {
      if (trainings.length > 0) await work.write('always');
    }
    return work.comparison;
  } finally {
    await store.close();
  }
}

function scoredSplit(manifest: Manifest, asked: string | null | undefined): string | null {
  if (asked === undefined) return rowsOfSplit(manifest, 'test') > 0 ? 'test' : null;
  // Validation is scored in any case.
  return asked === null || asked === 'validation' ? null : splitOf(manifest, asked).name;
}
