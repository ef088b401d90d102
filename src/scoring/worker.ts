// One thread of a team that only scores.
import { workerData } from 'node:worker_threads';
import { serve } from '../team/serve.js';
import { BatchSlots, type SlotMemory } from './batch-slots.js';
import type { LookupShape } from './graph-inputs.js';
import { answerScoring, type ScoringMessage } from './messages.js';
import { Scorer } from './scorer.js';
import { openTable, type TableInMemory } from './table-in-memory.js';

/** What each thread is given. */
export interface ScoringWorkerData {
  thread: number;
  table: TableInMemory;
  firstOrder: TableInMemory | null;
  slots: SlotMemory;
  lookup: LookupShape;
}

const { thread, table, firstOrder, slots: memory, lookup } = workerData as ScoringWorkerData;
const slots = new BatchSlots(memory);
const weights = firstOrder && openTable(firstOrder, thread);
const scorer = new Scorer(openTable(table, thread), weights, slots.shape, lookup);
serve((message: ScoringMessage) => answerScoring(scorer, slots, message));
