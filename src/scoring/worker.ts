// One thread of a team that only scores.
import { workerData } from 'node:worker_threads';
import { serve } from '../team/serve.js';
import { Exchange } from './exchange.js';
import type { ExchangeMemory } from './exchange-layout.js';
import { answerScoring, type ScoringMessage } from './messages.js';
import { Scorer } from './scorer.js';
import { openTable, type TableInMemory } from './table-in-memory.js';

/** What each thread is given. */
export interface ScoringWorkerData {
  thread: number;
  table: TableInMemory;
  firstOrder: TableInMemory | null;
  exchange: ExchangeMemory;
}

const { thread, table, firstOrder, exchange } = workerData as ScoringWorkerData;
const view = new Exchange(exchange);
const weights = firstOrder && openTable(firstOrder, thread);
const scorer = new Scorer(openTable(table, thread), weights, view, thread);
serve(
  (message: ScoringMessage) => answerScoring(scorer, message),
  () => view.barrier.abandon(),
);
