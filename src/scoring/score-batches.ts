// Scores batches with a team, in order: the next one is made while one is in work.
import type { Batch } from '../batch/reader.js';
import type { Team } from '../team/team.js';
import type { BatchSlots, SlottedBatch } from './batch-slots.js';
import type { ScoringMessage } from './messages.js';

/** Anything that answers scoring messages. */
export type ScoringTeam = Pick<Team<ScoringMessage, unknown>, 'call'>;

/** One batch's logits and labels, (rows) each; weights and groups where rows have them. */
export interface ScoredBatch {
  rows: number;
  /** The batch as it was read. */
  batch: Batch;
  logits: Float32Array;
  labels: Float32Array;
  weights: Float32Array | null;
  /** 0 is no group. */
  groups: Uint32Array | null;
}

/** A batch that the team is scoring. */
interface InWork {
  batch: Batch;
  slotted: SlottedBatch;
  done: Promise<unknown>;
}

/** A team that has its scoring graph, and how batches come to it. */
export interface ScoringParts {
  team: ScoringTeam;
  slots: BatchSlots;
}

/**
 * Yields every batch's logits and labels, in order: copies, the caller's to keep.
 *
 * @param batches a batch's arrays are copied before the next one is asked for, so they may be used again; then of
 *   a scored one only the logits are of use
 */
export async function* scoreBatches(
  { team, slots }: ScoringParts,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  signal?: AbortSignal,
): AsyncGenerator<ScoredBatch> {
  let inWork: InWork | undefined;
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted();
      const slotted = slots.put(batch);
      const done = team.call({ kind: 'score', batch: slotted });
      // Awaited one batch later; until then a failure is nobody's but must not end the process.
      done.catch(() => {});
      const previous = inWork;
      // The newest, which `finally` waits for: answers come in order.
      inWork = { batch, slotted, done };
      if (previous) yield await finished(previous);
    }
    if (inWork) yield await finished(inWork);
  } finally {
    await inWork?.done.catch(() => {});
  }

  async function finished({ batch, slotted, done }: InWork): Promise<ScoredBatch> {
    await done;
    const { rows, labels, weights = null, groups = null } = batch;
    return { rows, batch, logits: slots.arrays(slotted).logits.slice(0, rows), labels, weights, groups };
  }
}
