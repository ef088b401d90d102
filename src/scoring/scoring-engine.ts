// A team with a model in it, ready to score batches: what `evaluate` and `predict` share.
import { Team } from '../team/team.js';
import { BatchPlanner } from './batch-planner.js';
import { batchShape, createModel, fieldOffsets } from './blueprint.js';
import { Exchange } from './exchange.js';
import { allocateExchange } from './exchange-layout.js';
import type { ScoringMessage } from './messages.js';
import { MICRO_ROWS } from './micro-rows.js';
import { type ScoringModel, unusableGraph } from './scoring-model.js';
import type { ScoringWorkerData } from './worker.js';

export interface ScoringEngine {
  team: Team<ScoringMessage, unknown>;
  exchange: Exchange;
  planner: BatchPlanner;
}

/** Starts the threads and gives them the model. Whoever has the engine closes its team. */
export async function startScoring(
  scored: ScoringModel,
  /** `bagIds`: with bags, the most ids of a batch. */
  { threads, batchRows, bagIds }: { threads: number; batchRows: number; bagIds: number | null },
): Promise<ScoringEngine> {
  const { config, dataset, table, firstOrder, graph } = scored;
  const model = createModel(config, dataset, 'scoring');
  const exchangeMemory = allocateExchange({
    ...batchShape(config, dataset, model, { batchRows, bagIds }),
    microRows: MICRO_ROWS,
    threads,
    training: null,
  });
  const exchange = new Exchange(exchangeMemory);
  const planner = new BatchPlanner(exchange, fieldOffsets(dataset), dataset.poolings);
  const team = new Team<ScoringMessage, unknown>(
    new URL('./worker.js', import.meta.url),
    threads,
    (thread): ScoringWorkerData => ({ thread, table, firstOrder, exchange: exchangeMemory }),
    () => exchange.barrier.abandon(),
  );
  try {
    await team.call({ kind: 'load', model: graph() });
  } catch (error) {
    await team.close();
    throw unusableGraph(scored, error);
  }
  return { team, exchange, planner };
}
