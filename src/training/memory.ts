// What a run holds in memory, in bytes: predicted from the configuration before anything is allocated, and counted
// from what was. The two must be equal; a test holds them to it.
//
//   table      codes (or fp32 values) of all rows
//   step       steps of all rows, and what numbers the table has as a whole
//   optimizer  state of the row optimizer and of the steps' optimizer
//   buffers    everything else bitrow allocates once: batches and row plans, rows of a batch with gradients, dense
//              parameters with gradients and optimizer state, staging of every thread, bitmaps, scratch, rounding
//
// Not in it: the reader's window of rows, onnxruntime's own memory, Node.js. They show in the peak.

import { pairPlannerBytes } from '../batch/pair-planner.js';
import { rowPlannerBytes } from '../batch/row-planner.js';
import { planShards, type TableSpec } from '../embedding/shard.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { partBytes, recordParts } from '../embedding/table-records.js';
import { PAGE_BYTES } from '../kernels/pages.js';
import type { Model } from '../models/model.js';
import {
  type ExchangeMemory,
  type ExchangeShape,
  exchangeLayout,
  mostMicroRows,
  planSize,
} from '../scoring/exchange-layout.js';
import { scorerStagingBytes } from '../scoring/scorer.js';
import { networkStagingBytes } from './network-staging.js';

/** Bytes, by the parts of the banner. */
export interface MemoryReport {
  table: number;
  step: number;
  optimizer: number;
  buffers: number;
  total: number;
}

/** Bytes of the buffers that a thread stages for onnxruntime, in training and scoring. */
export function threadStagingBytes(model: Model, shape: ExchangeShape): number {
  return networkStagingBytes(model, mostMicroRows(shape)) + scorerStagingBytes(shape);
}

/** What a run will allocate. */
export function predictMemory(spec: TableSpec, model: Model, shape: ExchangeShape): MemoryReport {
  const plans = planShards(spec);
  const shards = plans.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
  const [table, rowSteps, optimizer] = recordParts.map((part) => partBytes({ spec, plans }, part));
  const step = rowSteps + 4 * (spec.storage.parameters?.length ?? 0);
  const buffers =
    shards -
    (table + rowSteps + optimizer) +
    exchangeLayout(shape).bytes +
    rowPlannerBytes(planSize(shape)) +
    (shape.pairs ? pairPlannerBytes(shape.pairs) : 0) +
    shape.threads * threadStagingBytes(model, shape);
  return { table, step, optimizer, buffers, total: table + step + optimizer + buffers };
}

/** The same, from the memory there is. `planner` and `staging` are bytes that their owners counted. */
export function countMemory(
  table: TableMemory,
  exchange: ExchangeMemory,
  planner: number,
  staging: number,
): MemoryReport {
  const [codes, rowSteps, optimizer] = recordParts.map((part) => partBytes(table, part));
  const step = rowSteps + table.parameters.byteLength;
  const shards = table.memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  const total = shards + table.parameters.byteLength + exchange.memory.buffer.byteLength + planner + staging;
  return { table: codes, step, optimizer, buffers: total - codes - step - optimizer, total };
}
