// One thread of a team that only scores.
import { workerData } from 'node:worker_threads';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { serve } from '../team/serve.js';
import { Exchange } from './exchange.js';
import type { ExchangeMemory } from './exchange-layout.js';
import { answerScoring, type ScoringMessage } from './messages.js';
import { Scorer } from './scorer.js';

/** What each thread is given. */
export interface ScoringWorkerData {
  thread: number;
  table: TableMemory;
  firstOrder: TableMemory | null;
  exchange: ExchangeMemory;
}

const { thread, table, firstOrder, exchange } = workerData as ScoringWorkerData;
const view = new Exchange(exchange);
const weights = firstOrder && new Table(firstOrder, thread);
const scorer = new Scorer(new Table(table, thread), weights, view, thread);
serve(
  (message: ScoringMessage) => answerScoring(scorer, message),
  () => view.barrier.abandon(),
);
