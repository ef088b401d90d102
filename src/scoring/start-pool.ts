// A pool of threads with a model in it, and the queue of calls in front: what an open model scores with.
import { mostIdsOf } from '../data/bags.js';
import type { Manifest } from '../data/manifest.js';
import { inputColumnsOf } from '../schema/schema.js';
import { batchShape, fieldSizes, lookupShape } from './blueprint.js';
import { CallQueue, type QueueOptions, queueBatches } from './call-queue.js';
import { idSchema } from './id-encoder.js';
import type { PoolWorkerData } from './pool-worker.js';
import type { Encoding } from './row-encoder.js';
import { type ScoringModel, unusableGraph } from './scoring-model.js';
import { WorkerPool } from './worker-pool.js';

export interface PoolOptions extends QueueOptions {
  workers: number;
  /** Whether rows have ids instead of values (id-encoder.ts). */
  takesIds: boolean;
  /** Rows that are scored together at most. */
  maxBatch: number;
  onWorkerFailure?: ((error: Error) => void) | undefined;
}

/** Starts the threads. Whoever has the pool closes it. */
export async function startPool(
  scored: ScoringModel,
  manifest: Manifest,
  encoding: Encoding,
  { workers, maxBatch, takesIds, onWorkerFailure, ...queued }: PoolOptions,
): Promise<{ pool: WorkerPool; queue: CallQueue }> {
  const { config, dataset, table, firstOrder, graph } = scored;
  const batch = { batchRows: maxBatch, bagIds: mostIdsOf(manifest, maxBatch) };
  const shape = batchShape(dataset, batch);
  const batches = queueBatches(workers, shape);
  const shared: Omit<PoolWorkerData, 'thread'> = {
    table,
    firstOrder,
    graph: graph(),
    shape,
    lookup: lookupShape(config, dataset),
    batches,
    encoding: {
      ...encoding,
      indexes: takesIds ? null : new Map(Array.from(encoding.indexes, ([name, { parts }]) => [name, parts])),
      sizes: fieldSizes(dataset),
    },
  };
  const pool = await WorkerPool.start(workers, (thread) => ({ ...shared, thread })).catch(
    (error: unknown) => {
      throw unusableGraph(scored, error);
    },
  );
  const columns = inputColumnsOf(takesIds ? idSchema(encoding.schema) : encoding.schema);
  if (onWorkerFailure) pool.onFailure = onWorkerFailure;
  return { pool, queue: new CallQueue(pool, shape, columns, batches, queued) };
}
