// A run's table as rows to quantize: what the network sees of each, whatever the method stores, rows that training never
// wrote included (they have their initial values). Of a table whose embeddings are pairs of rows (`hashing`) these are
// the stored rows: what is made of two of them is made of two quantized ones as well.
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import type { RowSource } from '../posttraining/quantizer.js';

/**
 * The rows of a table in their order. They are read with the scratch area of thread 0, so not while a team scores.
 *
 * @param rows (n), ascending: these rows alone; by default all
 */
export function tableSource(memory: TableMemory, rows?: Uint32Array): RowSource {
  const table = new Table(memory, 0);
  const { name, dim } = memory.spec;
  return {
    name,
    rows: rows?.length ?? table.rows,
    dim,
    async read(first, out) {
      const count = out.length / dim;
      table.read(
        rows?.subarray(first, first + count) ?? Uint32Array.from({ length: count }, (_, i) => first + i),
        out,
      );
    },
  };
}
