// Scores a whole split with a team: batches in stored order, the next one planned while one is in work.
import { type Batch, readBatches } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { NumberStatistics } from '../schema/number-input.js';
import type { Team } from '../team/team.js';
import type { BatchPlanner } from './batch-planner.js';
import type { Exchange, PlannedBatch } from './exchange.js';
import type { ScoringMessage } from './messages.js';

/** Anything that answers scoring messages. */
export type ScoringTeam = Pick<Team<ScoringMessage, unknown>, 'call'>;

/** One batch's logits and labels, (rows) each; weights and groups where rows have them. */
export interface ScoredBatch {
  rows: number;
  logits: Float32Array;
  labels: Float32Array;
  weights: Float32Array | null;
  /** 0 is no group. */
  groups: Uint32Array | null;
}

/** A team that has its scoring graph, and what it is to score. */
export interface ScoreSplitOptions {
  team: ScoringTeam;
  exchange: Exchange;
  planner: BatchPlanner;
  dataset: EncodedDataset;
  split: string;
  /** What the model's numeric inputs are standardised by. */
  numbers?: readonly NumberStatistics[] | undefined;
  signal?: AbortSignal | undefined;
}

/** Yields every batch's logits and labels, in stored order: copies, the caller's to keep. */
export async function* scoreSplit(options: ScoreSplitOptions): AsyncGenerator<ScoredBatch> {
  const { team, exchange, planner, dataset, split, numbers, signal } = options;
  const batchSize = exchange.shape.batchRows;
  const batches = readBatches(dataset, { split, batchSize, order: 'stored', numbers });
  let inWork: InWork | undefined;
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      const planned = planner.plan(batch);
      const done = team.call({ kind: 'score', batch: planned });
      // Awaited one batch later; until then a failure is nobody's but must not end the process.
      done.catch(() => {});
      const previous = inWork;
      // The newest, which `finally` waits for: answers come in order.
      inWork = { batch, planned, done };
      if (previous) yield await finished(previous);
    }
    if (inWork) yield await finished(inWork);
  } finally {
    await inWork?.done.catch(() => {});
  }

  async function finished({ batch, planned, done }: InWork): Promise<ScoredBatch> {
    await done;
    const { rows, labels, weights = null, groups = null } = batch;
    return { rows, logits: exchange.logits(planned.slot).slice(0, rows), labels, weights, groups };
  }
}

interface InWork {
  batch: Batch;
  planned: PlannedBatch;
  done: Promise<unknown>;
}
