// A table in memory that threads share, as scoring meets it: as training lays it out, or packed as a bundle has it.
import type { RowValues } from '../embedding/row-values.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { partBytes } from '../embedding/table-records.js';

/** May be sent to a worker. */
export type TableInMemory = TableMemory;

/** A thread's way to the rows. */
export function openTable(memory: TableInMemory, thread: number): RowValues {
  return new Table(memory, thread);
}

/** Bytes of all rows: codes or values, steps and biases. */
export function tableBytes(memory: TableInMemory): number {
  return partBytes(memory, 'codes') + partBytes(memory, 'steps');
}
