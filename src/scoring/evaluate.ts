// `evaluate`: a run's metrics on a split.
import { availableParallelism } from 'node:os';
import { splitOf } from '../batch/split-file.js';
import { mostIdsOf } from '../data/bags.js';
import { loadDataset } from '../data/encoded-dataset.js';
import { type Metrics, Scores } from '../metrics/scores.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { checkThreads, Team } from '../team/team.js';
import { BatchPlanner } from './batch-planner.js';
import { batchShape, createModel, fieldOffsets } from './blueprint.js';
import { allocateExchange, Exchange } from './exchange.js';
import type { ScoringMessage } from './messages.js';
import { openRun, requireSameData } from './open-run.js';
import { scoreSplit } from './score-split.js';
import { scoringOnnx } from './scoring-graph.js';
import type { ScoringWorkerData } from './worker.js';

/** What to score, and with how many threads. */
export interface EvaluateOptions {
  /** Directory of a run. */
  run: string;
  /** Directory of the dataset the run was trained on. */
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
  /** Null where rows have no weight. The metrics count a row by it. */
  weights: Float32Array | null;
  /** Null where rows have no group; equal numbers are one group, 0 is none. */
  groups: Uint32Array | null;
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
  const { directory, table, dense, metadata } = await openRun(options.run, checkpoint, threads);
  requireSameData(directory, dataset.manifest);
  const { config, run } = directory;
  const exchangeMemory = allocateExchange({
    ...batchShape(config, run.dataset, { batchRows, bagIds: mostIdsOf(dataset.manifest, batchRows) }),
    microRows: 2000,
    threads,
    training: null,
  });
  const exchange = new Exchange(exchangeMemory);
  const planner = new BatchPlanner(exchange, fieldOffsets(run.dataset), run.dataset.poolings);
  const team = new Team<ScoringMessage, unknown>(
    new URL('./worker.js', import.meta.url),
    threads,
    (thread): ScoringWorkerData => ({ thread, table, exchange: exchangeMemory }),
    () => exchange.barrier.abandon(),
  );
  try {
    const model = scoringOnnx(createModel(config, run.dataset, 'scoring'), dense);
    await team.call({ kind: 'load', model });
    const scores = new Scores(total);
    const { numbers } = run.dataset;
    for await (const batch of scoreSplit({ team, exchange, planner, dataset, split, numbers, signal })) {
      scores.add(batch.logits, batch.labels, batch);
      options.onProgress?.({ done: scores.rows, total });
    }
    const { logits, labels, weights, groups } = scores;
    const rows = { logits, labels, weights, groups };
    return { ...scores.metrics(), split, checkpoint, epoch: Number(metadata.epoch), ...rows };
  } finally {
    await team.close();
  }
}
