// A table of a few rows in memory, for tests of what works on rows, and experiments that time it.
import { rowLayout, type Storage } from '../src/embedding/layout.js';
import { MAX_SHARD_BYTES, type TableSpec } from '../src/embedding/shard.js';
import { allocateTable, type TableMemory } from '../src/embedding/table-memory.js';
import type { Optimizer } from '../src/optimizers/optimizer.js';

/** What a table is, with what matters to few tests left out. Rows and their steps have the same optimizer. */
type SmallTable = Pick<TableSpec, 'dim' | 'offsets'> &
  Partial<Omit<TableSpec, 'layout' | 'storage'>> & { storage: Storage; optimizer: Optimizer };

/** Allocates it, no row written. */
export function smallTable({ optimizer, ...spec }: SmallTable): TableMemory {
  return allocateTable({
    name: 'embedding',
    number: 0,
    seed: 1,
    deviation: 0.003,
    threads: 1,
    shardBytes: MAX_SHARD_BYTES,
    layout: rowLayout(spec.dim, spec.storage, optimizer, optimizer),
    ...spec,
  });
}
