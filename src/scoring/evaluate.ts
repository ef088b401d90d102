// `evaluate`: a run's metrics on a split.
import { availableParallelism } from 'node:os';
import { splitOf } from '../batch/split-file.js';
import { loadDataset } from '../data/encoded-dataset.js';
import { type Metrics, Scores } from '../metrics/scores.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { checkThreads } from '../team/team.js';
import { openRun, requireSameData } from './open-run.js';
import { scoreSplit } from './score-split.js';
import { startScoring } from './scoring-engine.js';

/** What to score, and with how many threads. */
export interface EvaluateOptions {
  /** Directory of a run. */
  run: string;
  /** Directory of the dataset the run was trained on, or of one that extends it: values it does not know are OOV. */
  data: string;
  /** Default: test. */
  split?: string;
  /** Model of the best epoch (default) or of the last one. */
  checkpoint?: CheckpointName;
  /** Default: all processors. The result does not depend on it. */
  threads?: number;
  /** Rows that are scored together. */
  batchRows?: number;
  onProgress?: (progress: { done: number; total: number }) => void;
  signal?: AbortSignal;
}

/** The metrics, and what they are computed from. */
export interface Evaluation extends Metrics {
  split: string;
  checkpoint: CheckpointName;
  epoch: number;
  /** In stored order. */
  logits: Float32Array;
  labels: Uint8Array;
}

/**
 * Scores a split with a run's model.
 *
 * @throws UserError when there is no such run or split, or the data is not what the run was trained on
 * @example
 * const { auc, logloss } = await evaluate({ run: 'runs/alpt-4', data: 'data/criteo', split: 'test' });
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { checkpoint = 'best', split = 'test', batchRows = 8192, signal } = options;
  const threads = options.threads ?? availableParallelism();
  checkThreads(threads);
  const dataset = await loadDataset(options.data);
  const { rows: total } = splitOf(dataset.manifest, split);
  const run = await openRun(options.run, checkpoint, threads);
  requireSameData(run.directory, dataset.manifest);
  const engine = await startScoring(run, { threads, batchRows });
  try {
    const scores = new Scores(total);
    const { fieldVocabularies, vocabularySizes } = run.directory.run.dataset;
    const knownIds = fieldVocabularies.map((number) => vocabularySizes[number]);
    for await (const { logits, labels } of scoreSplit({ ...engine, dataset, split, knownIds, signal })) {
      scores.add(logits, labels);
      options.onProgress?.({ done: scores.rows, total });
    }
    const { logits, labels } = scores;
    return { ...scores.metrics(), split, checkpoint, epoch: Number(run.metadata.epoch), logits, labels };
  } finally {
    await engine.team.close();
  }
}
