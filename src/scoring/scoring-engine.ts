// A team with a model in it, ready to score batches: what `evaluate` and `predict` share.
import { Team } from '../team/team.js';
import { allocateSlots, BatchSlots } from './batch-slots.js';
import { batchShape, lookupShape } from './blueprint.js';
import type { ScoringMessage } from './messages.js';
import { type ScoringModel, unusableGraph } from './scoring-model.js';
import type { ScoringWorkerData } from './worker.js';

export interface ScoringEngine {
  team: Team<ScoringMessage, unknown>;
  slots: BatchSlots;
}

/** Starts the threads and gives them the model. Whoever has the engine closes its team. */
export async function startScoring(
  scored: ScoringModel,
  /** `bagIds`: with bags, the most ids of a batch. */
  { threads, batchRows, bagIds }: { threads: number; batchRows: number; bagIds: number | null },
): Promise<ScoringEngine> {
  const { config, dataset, table, firstOrder, graph } = scored;
  const slots = allocateSlots(batchShape(dataset, { batchRows, bagIds }));
  const lookup = lookupShape(config, dataset);
  const team = new Team<ScoringMessage, unknown>(
    new URL('./worker.js', import.meta.url),
    threads,
    (thread): ScoringWorkerData => ({ thread, table, firstOrder, slots, lookup }),
  );
  try {
    await team.call({ kind: 'load', model: graph() });
  } catch (error) {
    await team.close();
    throw unusableGraph(scored, error);
  }
  return { team, slots: new BatchSlots(slots) };
}
