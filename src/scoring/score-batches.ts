// Scores batches with a team, in order: the next one is made and planned while one is in work.
import type { Batch } from '../batch/reader.js';
import type { Team } from '../team/team.js';
import type { BatchPlanner } from './batch-planner.js';
import type { Exchange, PlannedBatch } from './exchange.js';
import type { ScoringMessage } from './messages.js';

/** Anything that answers scoring messages. */
export type ScoringTeam = Pick<Team<ScoringMessage, unknown>, 'call'>;

/** One batch's logits and labels, (rows) each. */
export interface ScoredBatch {
  rows: number;
  logits: Float32Array;
  labels: Float32Array;
}

/** A team that has its scoring graph, and how batches come to it. */
export interface ScoringParts {
  team: ScoringTeam;
  exchange: Exchange;
  planner: BatchPlanner;
}

/**
 * Yields every batch's logits and labels, in order: copies, the caller's to keep.
 *
 * @param batches a batch's arrays are read before the next one is asked for, so they may be used again
 */
export async function* scoreBatches(
  { team, exchange, planner }: ScoringParts,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  signal?: AbortSignal,
): AsyncGenerator<ScoredBatch> {
  let inWork: { batch: PlannedBatch; done: Promise<unknown> } | undefined;
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      const planned = planner.plan(batch);
      const done = team.call({ kind: 'score', batch: planned });
      // Awaited one batch later; until then a failure is nobody's but must not end the process.
      done.catch(() => {});
      const previous = inWork;
      // The newest, which `finally` waits for: answers come in order.
      inWork = { batch: planned, done };
      if (previous) yield await finished(previous);
    }
    if (inWork) yield await finished(inWork);
  } finally {
    await inWork?.done.catch(() => {});
  }

  async function finished({
    batch,
    done,
  }: {
    batch: PlannedBatch;
    done: Promise<unknown>;
  }): Promise<ScoredBatch> {
    await done;
    return {
      rows: batch.rows,
      logits: exchange.logits(batch.slot).slice(0, batch.rows),
      labels: exchange.labels(batch.slot).slice(0, batch.rows),
    };
  }
}
