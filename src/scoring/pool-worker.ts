// One thread of a pool: scores one batch after the other, each by itself (batch-scorer.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { type BatchShape, batchArrays } from './batch-memory.js';
import { BatchScorer, type BatchTimes, type LookupShape } from './batch-scorer.js';
import { openTable, type TableInMemory } from './table-in-memory.js';

/** What each thread is given. */
export interface PoolWorkerData {
  /** Number of the scratch area in the tables' memory that is this thread's. */
  thread: number;
  table: TableInMemory;
  firstOrder: TableInMemory | null;
  /** Scoring graph (ONNX, weights inside). */
  graph: Uint8Array;
  shape: BatchShape;
  lookup: LookupShape;
  /** Memory of every batch that there can be (batch-memory.ts). */
  batches: SharedArrayBuffer[];
}

/** Score the first `rows` rows of a batch. */
export interface PoolRequest {
  batch: number;
  rows: number;
}

/** The first answer says that the thread is ready; each other one, that the logits of its batch are there. */
export type PoolReply = BatchTimes | { ready: true };

const { thread, table, firstOrder, graph, shape, lookup, batches } = workerData as PoolWorkerData;
const port = parentPort;
if (!port) throw new Error('Only a worker thread can score.');
const arrays = batches.map((memory) => batchArrays(shape, memory));
const scorer = await BatchScorer.create(
  graph,
  openTable(table, thread),
  firstOrder && openTable(firstOrder, thread),
  shape,
  lookup,
);
// A failure is thrown: it ends the thread, and the pool makes another.
port.on('message', async ({ batch, rows }: PoolRequest) =>
  port.postMessage((await scorer.score(arrays[batch], rows)) satisfies PoolReply),
);
port.postMessage({ ready: true } satisfies PoolReply);
