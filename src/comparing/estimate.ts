// What a comparison will need, as far as it is known before it starts: memory from the configurations, time from the
// cells that have finished.
import type { Manifest } from '../data/manifest.js';
import { UserError } from '../errors.js';
import type { Config } from '../runs/config.js';
import { configSchema } from '../runs/config.js';
import { memoryNeeded, trainingNeeds } from '../training/training-memory.js';
import { variantKey } from './cell-key.js';
import type { StoredCell } from './cell-store.js';
import type { PlannedTraining } from './plan.js';

/** Share of the free memory that cells may take together. */
const MEMORY_SHARE = 0.8;
/** Threads below which a cell gets no neighbour. */
const LEAST_THREADS = 2;

/** How cells share the machine. */
export interface Sharing {
  /** Cells at a time. */
  jobs: number;
  /** Threads of each. */
  threads: number;
  /** The most bytes that cells running together hold, Node.js included. */
  bytes: number;
}

/** @throws UserError when there are more jobs than threads, or no number of them */
export function requireJobs(jobs: number | 'auto', threads: number): void {
  if (jobs === 'auto' || (Number.isSafeInteger(jobs) && jobs >= 1 && jobs <= threads)) return;
  throw new UserError(
    `There are to be ${jobs} jobs, but there may be 1 to ${threads}, the number of threads.`,
    undefined,
    2,
  );
}

/**
 * As many cells at a time as memory allows with two threads each; or as many as `jobs` says.
 *
 * @param available bytes that are free
 */
export function shareMachine(
  configs: readonly Config[],
  manifest: Manifest,
  { threads, jobs, available }: { threads: number; jobs: number | 'auto'; available: number },
): Sharing {
  const sharing = (number: number): Sharing => {
    const each = Math.max(1, Math.floor(threads / number));
    // Seeds are all alike.
    const known = new Map<string, number>();
    const totals = configs.map((config) => {
      const key = variantKey(config);
      const total = known.get(key) ?? memoryNeeded(trainingNeeds(config, manifest, each));
      known.set(key, total);
      return total;
    });
    const largest = totals.sort((a, b) => b - a).slice(0, number);
    return { jobs: number, threads: each, bytes: largest.reduce((sum, bytes) => sum + bytes, 0) };
  };
  if (jobs !== 'auto') {
    return sharing(Math.max(1, Math.min(jobs, configs.length)));
  }
  for (let number = Math.min(Math.floor(threads / LEAST_THREADS), configs.length); number > 1; number--) {
    const shared = sharing(number);
    if (shared.bytes <= MEMORY_SHARE * available) return shared;
  }
  return sharing(1);
}

/**
 * Seconds that trainings will take: as long as finished cells of the same variant did, else as the mean of all that
 * finished. Null before any has finished.
 */
export function secondsOf(
  trainings: readonly PlannedTraining[],
  finished: readonly StoredCell[],
  jobs: number,
): number | null {
  const times = finished.flatMap(({ cell, config, elapsedSeconds = 0 }) => {
    const parsed = configSchema.safeParse(config);
    if (cell.seconds === null || !parsed.success) return [];
    // Scoring and starting count; a cell that was resumed took longer than its last process.
    return [{ key: variantKey(parsed.data), seconds: Math.max(elapsedSeconds, cell.seconds) }];
  });
  if (times.length === 0) return null;
  const all = mean(times.map(({ seconds }) => seconds));
  const total = trainings.reduce((sum, { config }) => {
    const key = variantKey(config);
    const own = times.filter((time) => time.key === key).map(({ seconds }) => seconds);
    return sum + (own.length > 0 ? mean(own) : all);
  }, 0);
  return total / jobs;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
