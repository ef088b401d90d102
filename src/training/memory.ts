// What a run holds in memory, in bytes: predicted from the configuration before anything is allocated, and counted
// from what was. The two must be equal; a test holds them to it.
//
//   table      codes (or fp32 values) of all rows; with first-order weights, theirs too
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
import { type SlotMemory, slotsBytes } from '../scoring/batch-slots.js';
import { FIRST_ORDER } from '../scoring/blueprint.js';
import { scorerStagingBytes } from '../scoring/scorer.js';
import {
  type ExchangeMemory,
  type ExchangeShape,
  exchangeLayout,
  mostMicroRows,
  planSize,
} from './exchange-layout.js';
import { networkStagingBytes } from './network-staging.js';

/** Bytes, by the parts of the banner. */
export interface MemoryReport {
  table: number;
  step: number;
  optimizer: number;
  buffers: number;
  total: number;
  /** Of table and optimizer, what first-order weights (fp32 whatever the method) have of it; absent without them. */
  firstOrder?: { table: number; optimizer: number };
}

/** Bytes of the rows of one table. */
interface RowsReport {
  name: string;
  table: number;
  step: number;
  optimizer: number;
  /** Everything else in its memory. */
  rest: number;
}

/** Bytes of the buffers that a thread stages for onnxruntime, in training and scoring. */
export function threadStagingBytes(model: Model, shape: ExchangeShape): number {
  return (
    networkStagingBytes(model, mostMicroRows(shape)) +
    scorerStagingBytes(shape, shape.dim, shape.hasFirstOrder)
  );
}

/** What a run will allocate. */
export function predictMemory(specs: readonly TableSpec[], model: Model, shape: ExchangeShape): MemoryReport {
  const others =
    exchangeLayout(shape).bytes +
    slotsBytes(shape) +
    rowPlannerBytes(planSize(shape)) +
    (shape.pairs ? pairPlannerBytes(shape.pairs) : 0) +
    shape.threads * threadStagingBytes(model, shape);
  return memoryOf(specs.map(predictRows), others);
}

function predictRows(spec: TableSpec): RowsReport {
  const plans = planShards(spec);
  const shards = plans.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
  const [table, rowSteps, optimizer] = recordParts.map((part) => partBytes({ spec, plans }, part));
  const step = rowSteps + 4 * (spec.storage.parameters?.length ?? 0);
  return { name: spec.name, table, step, optimizer, rest: shards - (table + rowSteps + optimizer) };
}

/** The same, from the memory there is. `planner` and `staging` are bytes that their owners counted. */
export function countMemory(
  tables: readonly TableMemory[],
  exchange: ExchangeMemory,
  slots: SlotMemory,
  planner: number,
  staging: number,
): MemoryReport {
  const scored = [...slots.batches, slots.taken].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return memoryOf(tables.map(countRows), exchange.memory.buffer.byteLength + scored + planner + staging);
}

function countRows(table: TableMemory): RowsReport {
  const [codes, rowSteps, optimizer] = recordParts.map((part) => partBytes(table, part));
  const step = rowSteps + table.parameters.byteLength;
  const shards = table.memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  const total = shards + table.parameters.byteLength;
  const rest = total - codes - step - optimizer;
  return { name: table.spec.name, table: codes, step, optimizer, rest };
}

/** The report of all tables, and of buffers beside them. */
function memoryOf(tables: readonly RowsReport[], others: number): MemoryReport {
  const sum = (part: 'table' | 'step' | 'optimizer' | 'rest') =>
    tables.reduce((bytes, report) => bytes + report[part], 0);
  const [table, step, optimizer] = [sum('table'), sum('step'), sum('optimizer')];
  const buffers = sum('rest') + others;
  const weights = tables.find(({ name }) => name === FIRST_ORDER);
  return {
    table,
    step,
    optimizer,
    buffers,
    total: table + step + optimizer + buffers,
    ...(weights && { firstOrder: { table: weights.table, optimizer: weights.optimizer } }),
  };
}
