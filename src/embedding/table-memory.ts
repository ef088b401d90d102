// What a table is in memory: its shards, and the numbers that belong to it as a whole. `Table` is a thread's way to it.
import type { SharedMemory } from '../kernels/shared-memory.js';
import { createShard, planShards, type ShardPlan, type TableSpec } from './shard.js';

/** What threads share of a table; may be sent to a worker. */
export interface TableMemory {
  spec: TableSpec;
  plans: ShardPlan[];
  memories: SharedMemory[];
  /** Numbers of the table as a whole, fp32. */
  parameters: SharedArrayBuffer;
}

/** Allocates all shards of a table, no row written. @throws RangeError when a shard has no room for a row */
export function allocateTable(spec: TableSpec): TableMemory {
  const plans = planShards(spec);
  const memories = plans.map((plan) => createShard(spec, plan));
  return { spec, plans, memories, parameters: allocateParameters(spec) };
}

/** The numbers of the table as a whole, with their first values. */
export function allocateParameters({ storage }: TableSpec): SharedArrayBuffer {
  const first = Float32Array.from(storage.parameters ?? []);
  const parameters = new SharedArrayBuffer(first.byteLength);
  new Float32Array(parameters).set(first);
  return parameters;
}
