// One thread of a pool: takes one batch after the other, encodes its rows where they are raw, and scores them, each by itself
// (scorer.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { VocabularyIndex } from '../formats/vocabulary-index.js';
import type { IndexParts } from '../formats/vocabulary-index-layout.js';
import { type BatchArrays, type BatchShape, batchArrays } from './batch-memory.js';
import type { QueueMemory } from './call-queue.js';
import type { BlockEncoder } from './encoded-block.js';
import type { LookupShape } from './graph-inputs.js';
import { IdEncoder } from './id-encoder.js';
import { scoringCut } from './micro-rows.js';
import type { RefusedRow } from './refused-row.js';
import { RowBatch } from './row-batch.js';
import { type Encoding, RowEncoder } from './row-encoder.js';
import type { CellTexts } from './row-texts.js';
import { type BatchTimes, Scorer } from './scorer.js';
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
  /** Memory of every batch that there can be. */
  batches: QueueMemory[];
  /** What rows are encoded by; all threads read one copy of the vocabularies. Without any, rows have ids. */
  encoding: Omit<Encoding, 'indexes'> & {
    indexes: ReadonlyMap<string, IndexParts> | null;
    /** (F), of the fields' vocabularies. */
    sizes: readonly number[];
  };
}

/** Score the first `rows` rows of a batch. */
export interface PoolRequest {
  batch: number;
  rows: number;
  /** The rows, where their ids are not in the batch yet. */
  texts: CellTexts | null;
}

/** What became of a batch whose logits are there. */
export interface ScoredRows extends BatchTimes {
  /** Texts into ids. */
  encodeMs: number;
  /** Rows whose logits mean nothing. */
  refused: RefusedRow[];
}

/** The first answer says that the thread is ready; each other one, that the logits of its batch are there. */
export type PoolReply = ScoredRows | { ready: true };

/** A batch as this thread sees it. */
interface Place {
  arrays: BatchArrays;
  oov: Uint32Array;
  /** What fills the arrays. */
  batch: RowBatch;
}

const { thread, table, firstOrder, graph, shape, lookup, batches, encoding } = workerData as PoolWorkerData;
const port = parentPort;
if (!port) throw new Error('Only a worker thread can score.');
const places = batches.map((memory): Place => {
  const arrays = batchArrays(shape, memory.batch);
  return { arrays, oov: new Uint32Array(memory.oov), batch: new RowBatch(shape, arrays) };
});
const encoder = createEncoder(encoding, places[0].batch.mostIds);
const weights = firstOrder && openTable(firstOrder, thread);
const scorer = new Scorer(openTable(table, thread), weights, shape, lookup);
await scorer.load(graph);
await scorer.warmUp();
// A failure is thrown: it ends the thread, and the pool makes another.
port.on('message', async (request: PoolRequest) =>
  port.postMessage((await answer(request)) satisfies PoolReply),
);
port.postMessage({ ready: true } satisfies PoolReply);

function createEncoder(
  { schema, numbers, sizes, indexes: parts }: PoolWorkerData['encoding'],
  mostIds: number,
): BlockEncoder {
  if (!parts) return new IdEncoder(schema, sizes, numbers);
  const indexes = new Map(Array.from(parts, ([name, each]) => [name, VocabularyIndex.ofChecked(each)]));
  return new RowEncoder({ schema, numbers, indexes }, mostIds);
}

async function answer({ batch, rows, texts }: PoolRequest): Promise<ScoredRows> {
  const place = places[batch];
  if (texts) return scoreTexts(texts, place);
  const { arrays, oov } = place;
  for (let segment = 0; segment < rows * shape.fields; segment++)
    oov[segment] = arrays.ids[segment] === 0 ? 1 : 0;
  return { encodeMs: 0, refused: [], ...(await scorer.score(arrays, scoringCut(rows))) };
}

/** Encodes rows and scores them, in parts where their lists are too long for the batch. */
async function scoreTexts(texts: CellTexts, { arrays, oov, batch }: Place): Promise<ScoredRows> {
  const { fields } = shape;
  const sum: ScoredRows = { encodeMs: 0, lookupMs: 0, networkMs: 0, refused: [] };
  for (let done = 0; done < texts.rows; done += batch.rows) {
    const began = performance.now();
    batch.clear();
    for (let isFull = false, next = done; !isFull && next < texts.rows; ) {
      const block = encoder.encode(texts, next);
      const added = batch.add(block, 0);
      oov.set(block.oov.subarray(0, added * fields), next * fields);
      for (const refused of block.refused) if (refused.row < next + added) sum.refused.push(refused);
      isFull = added < block.rows;
      next += added;
    }
    sum.encodeMs += performance.now() - began;
    const { lookupMs, networkMs } = await scorer.score(
      { ...arrays, logits: arrays.logits.subarray(done) },
      scoringCut(batch.rows),
    );
    sum.lookupMs += lookupMs;
    sum.networkMs += networkMs;
  }
  return sum;
}
