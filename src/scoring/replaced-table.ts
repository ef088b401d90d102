// A run with other values in its table: what a quantized table is scored as. The values lie as plain fp32 rows, so that
// everything that scores reads them as it reads any table; it takes the memory of `full`. Where packed rows are read as
// they are one day, this is the place that changes.
import { rowLayout, type Storage } from '../embedding/layout.js';
import { type TableSpec, tableRows } from '../embedding/shard.js';
import { allocateTable } from '../embedding/table-memory.js';
import { writeRecords } from '../embedding/table-records.js';
import { FULL_BITS } from '../kernels/header.js';
import type { RowSource } from '../posttraining/quantizer.js';
import { stateless } from './blueprint.js';
import type { OpenedRun } from './open-run.js';

/** Rows that are copied at a time. */
const BLOCK_ROWS = 8192;

/** Bytes of the table in which values are replaced. */
export function replacedBytes({ dim }: Pick<TableSpec, 'dim'>, rows: number): number {
  return 4 * dim * rows;
}

/** A run whose table holds values that are not its own. */
export class ReplacedTable {
  /** The run as it is scored: all but the table's values are those of the original, whose memory they share. */
  readonly run: OpenedRun;

  /** Makes room for all rows of the run's table. */
  constructor(run: OpenedRun) {
    this.run = { ...run, table: allocateTable(fullSpec(run.table.spec)) };
  }

  /**
   * Puts the rows of a table in place.
   *
   * @param rows (n), ascending: where they belong, of a source that has these alone; by default all rows
   */
  async fill(source: RowSource, rows?: Uint32Array): Promise<void> {
    const { table } = this.run;
    const { dim } = table.spec;
    const count = rows?.length ?? tableRows(table.spec);
    if (source.rows !== count || source.dim !== dim) {
      throw new RangeError(`${source.rows} rows of ${source.dim} in place of ${count} of ${dim}`);
    }
    const block = new Float32Array(Math.min(BLOCK_ROWS, count) * dim);
    for (let first = 0; first < count; first += BLOCK_ROWS) {
      const size = Math.min(BLOCK_ROWS, count - first);
      const values = block.subarray(0, size * dim);
      await source.read(first, values);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const ranges = rows ? rangesOf(rows.subarray(first, first + size)) : Uint32Array.of(first, size);
      await writeRecords(table, ranges, 'codes', async (from, length) => bytes.subarray(from, from + length));
    }
  }
}

/** Rows as pairs (first row, number of rows). */
function rangesOf(rows: Uint32Array): Uint32Array {
  const ranges = new Uint32Array(2 * rows.length).fill(1);
  for (let i = 0; i < rows.length; i++) ranges[2 * i] = rows[i];
  return ranges;
}

/** The same rows, found as before, as fp32 values without optimizer state, view or tiers. */
function fullSpec({ hot: _hot, ...spec }: TableSpec): TableSpec {
  const { lookups } = spec.storage;
  const storage: Storage = { bits: FULL_BITS, tableStep: 1, hasRowStep: false, ...(lookups && { lookups }) };
  return { ...spec, storage, layout: rowLayout(spec.dim, storage, stateless, stateless) };
}
