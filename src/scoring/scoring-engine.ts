// A team with a run's model in it, ready to score batches: what `evaluate`, `predict` and an open model share.
import { Team } from '../team/team.js';
import { BatchPlanner } from './batch-planner.js';
import { batchShape, createModel, fieldOffsets } from './blueprint.js';
import { Exchange } from './exchange.js';
import { allocateExchange } from './exchange-layout.js';
import type { ScoringMessage } from './messages.js';
import type { OpenedRun } from './open-run.js';
import { scoringOnnx } from './scoring-graph.js';
import type { ScoringWorkerData } from './worker.js';

/** The most rows of a micro-batch. Logits do not depend on it. */
export const MICRO_ROWS = 2000;

export interface ScoringEngine {
  team: Team<ScoringMessage, unknown>;
  exchange: Exchange;
  planner: BatchPlanner;
}

/** Starts the threads and gives them the model. Whoever has the engine closes its team. */
export async function startScoring(
  { directory, table, firstOrder, dense }: OpenedRun,
  /** `bagIds`: with bags, the most ids of a batch. */
  { threads, batchRows, bagIds }: { threads: number; batchRows: number; bagIds: number | null },
): Promise<ScoringEngine> {
  const { config, run } = directory;
  const model = createModel(config, run.dataset, 'scoring');
  const exchangeMemory = allocateExchange({
    ...batchShape(config, run.dataset, model, { batchRows, bagIds }),
    microRows: MICRO_ROWS,
    threads,
    training: null,
  });
  const exchange = new Exchange(exchangeMemory);
  const planner = new BatchPlanner(exchange, fieldOffsets(run.dataset), run.dataset.poolings);
  const team = new Team<ScoringMessage, unknown>(
    new URL('./worker.js', import.meta.url),
    threads,
    (thread): ScoringWorkerData => ({ thread, table, firstOrder, exchange: exchangeMemory }),
    () => exchange.barrier.abandon(),
  );
  try {
    await team.call({ kind: 'load', model: scoringOnnx(model, dense) });
  } catch (error) {
    await team.close();
    throw error;
  }
  return { team, exchange, planner };
}
