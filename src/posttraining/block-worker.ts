// A thread that works on the blocks of a table: rows and what becomes of them are in memory that it shares with the thread that
// reads and writes (block-team.ts).
import { workerData } from 'node:worker_threads';
import { serve } from '../team/serve.js';
import { type BlockWork, blockLane, blockWork, type LaneMemory } from './block-work.js';
import { createQuantizer } from './fast-quantizers.js';
import type { RowSource } from './quantizer.js';
import type { QuantizerName } from './registry.js';

/** What such a thread is given. */
export interface BlockWorkerData extends Pick<BlockWork, 'name' | 'format' | 'layout'> {
  method: QuantizerName;
  lanes: readonly LaneMemory[];
  /** [1 when the work is no longer wanted, rows that are done of each lane's block]. */
  words: Int32Array;
}

/** A block to be worked on. */
export interface BlockMessage {
  lane: number;
  first: number;
  rows: number;
}

const { name, format, layout, method, lanes: memories, words } = workerData as BlockWorkerData;
const { rows, dim, bits, side } = format;

async function makeLanes() {
  const read = () => Promise.reject(new Error('A quantizer that reads its table works on one thread.'));
  const table: RowSource = { name, rows, dim, read };
  const quantizer = await createQuantizer(method, { dim, bits, side }, table);
  const work = await blockWork({ table, method, layout, format, quantizer });
  return memories.map((memory) => blockLane(work, memory));
}

const lanes = makeLanes();

serve(async (message: BlockMessage) => {
  const unwanted = new AbortController();
  const lane = (await lanes)[message.lane];
  const onRows = (done: number) => {
    Atomics.store(words, 1 + message.lane, done);
    if (Atomics.load(words, 0) === 1) unwanted.abort();
  };
  return lane.run(message.first, message.rows, onRows, unwanted.signal);
});
