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

  /** Puts values (n, D) into the rows from `first` on. */
  async write(first: number, values: Float32Array): Promise<void> {
    const { table } = this.run;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const rows = Uint32Array.of(first, values.length / table.spec.dim);
    await writeRecords(table, rows, 'codes', async (from, length) => bytes.subarray(from, from + length));
  }

  /** Puts all rows of a table of the same shape in place. */
  async fill(source: RowSource): Promise<void> {
    const { spec } = this.run.table;
    const rows = tableRows(spec);
    if (source.rows !== rows || source.dim !== spec.dim) {
      throw new RangeError(`${source.rows} rows of ${source.dim} in place of ${rows} of ${spec.dim}`);
    }
    const block = new Float32Array(Math.min(BLOCK_ROWS, rows) * spec.dim);
    for (let first = 0; first < rows; first += BLOCK_ROWS) {
      const values = block.subarray(0, Math.min(BLOCK_ROWS, rows - first) * spec.dim);
      await source.read(first, values);
      await this.write(first, values);
    }
  }
}

/** The same rows, found as before, as fp32 values without optimizer state, view or tiers. */
function fullSpec({ hot: _hot, ...spec }: TableSpec): TableSpec {
  const { lookups } = spec.storage;
  const storage: Storage = { bits: FULL_BITS, tableStep: 1, hasRowStep: false, ...(lookups && { lookups }) };
  return { ...spec, storage, layout: rowLayout(spec.dim, storage, stateless, stateless) };
}
