// A run's table as rows to quantize: what the network sees of each, whatever the method stores, rows that training never
// wrote included (they have their initial values). Of a table whose embeddings are pairs of rows (`hashing`) these are
// the stored rows: what is made of two of them is made of two quantized ones as well.
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import type { RowSource } from '../posttraining/quantizer.js';

/** The rows of a table in their order. @param thread whose scratch area is used: no other may read with it meanwhile */
export function tableSource(memory: TableMemory, thread = 0): RowSource {
  const table = new Table(memory, thread);
  const { name, dim } = memory.spec;
  return {
    name,
    rows: table.rows,
    dim,
    async read(first, out) {
      table.read(
        Uint32Array.from({ length: out.length / dim }, (_, i) => first + i),
        out,
      );
    },
  };
}
