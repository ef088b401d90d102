// One number for everything a model is: two runs have the same exactly when they score alike, bit for bit. It does
// not depend on which rows were ever written (a row still initial counts with the value the generator gives), on
// how rows are stored in shards, or on threads.
//
//   "table" name V D   values of all rows, fp32 little-endian, row after row
//   "steps" name V     steps of all rows, where codes are stored
//   "biases" name V    biases of all rows, where they have one
//   "dense" name shape and its values, in the order of the checkpoint
import { createHash } from 'node:crypto';
import { isQuantized } from '../embedding/layout.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import type { DenseTensor } from '../runs/checkpoint.js';

/** Rows that are dequantized at a time. */
const BLOCK_ROWS = 8192;

/**
 * SHA-256 of a model, in hexadecimal digits. Only while no thread works on the tables: borrows thread 0's scratch.
 *
 * @param tables every table with its dequantized rows (V, D)
 * @param dense the network's parameters and running statistics
 */
export function modelChecksum(tables: readonly TableMemory[], dense: readonly DenseTensor[]): string {
  const hash = createHash('sha256');
  for (const memory of tables) {
    const { name, dim, storage } = memory.spec;
    const table = new Table(memory, 0);
    hash.update(`table ${name} ${table.rows} ${dim}\n`);
    forEachBlock(table, dim, (rows, values) => {
      table.read(rows, values);
      hash.update(values);
    });
    if (!isQuantized(storage.bits)) continue;
    hash.update(`steps ${name} ${table.rows}\n`);
    forEachBlock(table, 1, (rows, steps) => {
      table.readSteps(rows, steps);
      hash.update(steps);
    });
    if (storage.range !== 'affine') continue;
    hash.update(`biases ${name} ${table.rows}\n`);
    forEachBlock(table, 1, (rows, biases) => {
      table.readBiases(rows, biases);
      hash.update(biases);
    });
  }
  for (const { name, shape, data } of dense) {
    hash.update(`dense ${name} ${shape.join(' ')}\n`);
    hash.update(data);
  }
  return hash.digest('hex');
}

/** Calls `visit` with rows 0 … V − 1, block after block, and room for `width` values of each. */
function forEachBlock(
  table: Table,
  width: number,
  visit: (rows: Uint32Array, values: Float32Array) => void,
): void {
  const block = new Uint32Array(BLOCK_ROWS);
  const values = new Float32Array(BLOCK_ROWS * width);
  for (let first = 0; first < table.rows; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, table.rows - first);
    for (let i = 0; i < count; i++) block[i] = first + i;
    visit(block.subarray(0, count), values.subarray(0, count * width));
  }
}
