// A table in memory that threads share, as scoring meets it: as training lays it out, or packed as a bundle has it.
import { packedTableBytes } from '../embedding/packed/packed-format.js';
import type { PackedMemory } from '../embedding/packed/packed-memory.js';
import { PackedTable } from '../embedding/packed/packed-table.js';
import type { RowValues } from '../embedding/row-values.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { partBytes } from '../embedding/table-records.js';

/** May be sent to a worker. */
export type TableInMemory = TableMemory | PackedMemory;

/** A thread's way to the rows. */
export function openTable(memory: TableInMemory, thread: number): RowValues {
  return 'kind' in memory ? new PackedTable(memory, thread) : new Table(memory, thread);
}

/** Bytes of all rows: codes or values, steps and biases. */
export function tableBytes(memory: TableInMemory): number {
  if ('kind' in memory) return packedTableBytes(memory.info);
  return partBytes(memory, 'codes') + partBytes(memory, 'steps');
}
