// Metrics of ten parts of a split, equal in rows, by how well training knows a row: `evaluate` with the slices of
// decile-slicer.ts, as numbers without names.
import { loadDataset } from '../data/encoded-dataset.js';
import { evaluate } from './evaluate.js';
import { hasFeatureCounts } from './feature-counts.js';
import { BY_DECILES } from './slices.js';

/** Which run to score on what. */
export interface FrequencyDecilesOptions {
  /** Directory of a run; its best model is scored. */
  run: string;
  /** Directory of the data set. */
  data: string;
  split: string;
  threads: number;
  /** Goes on even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Metrics of one tenth of the rows; null where they are undefined, as the AUC of one class. */
export interface FrequencyDecile {
  readonly auc: number | null;
  readonly logloss: number | null;
  readonly rows: number;
}

/**
 * Scores a split and gives the metrics of its ten parts, rarest first: ten, or as many as there are rows.
 *
 * @returns null when the data set has no counts (its vocabulary files are not there)
 * @throws UserError as `evaluate` does
 * @example
 * const deciles = await frequencyDeciles({ run: 'runs/alpt-4', data: 'data/criteo', split: 'test', threads: 2 });
 */
export async function frequencyDeciles(options: FrequencyDecilesOptions): Promise<FrequencyDecile[] | null> {
  if (!hasFeatureCounts(await loadDataset(options.data))) return null;
  const { run, data, split, threads, ignoreLimits, signal } = options;
  const { slices } = await evaluate({
    run,
    data,
    split,
    threads,
    ignoreLimits,
    by: BY_DECILES,
    ...(signal && { signal }),
  });
  if (!slices) throw new Error('An evaluation by deciles has no slices.');
  return slices.slices.map(({ auc, logloss, rows }) => ({ auc, logloss, rows }));
}
