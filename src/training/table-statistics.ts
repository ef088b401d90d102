// What a quantized table looks like after an epoch: shares of saturated and zero codes, quantiles of the step and
// rows at its floor, and how many changes of the epoch deterministic rounding would have erased. AUC at 8 bits does not show whether steps are learned well; this does.
import type { ErasedChanges } from '../embedding/erased-changes.js';
import { isQuantized } from '../embedding/layout.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { countWritten } from '../embedding/table-records.js';

/** A quantized table after an epoch. */
export interface TableStatistics {
  /** Rows ever written. */
  writtenRows: number;
  /** Shares of the written rows' codes: at either limit, and 0 (of affine rows the middle code). */
  saturated: number;
  zero: number;
  /**
   * Share of non-zero element changes that rounding half up would have undone, on the epoch's sampled training steps
   * (remark 1 of the ALPT paper); null where none was.
   */
  erased: number | null;
  /** Of all rows; null where the table has one step. */
  steps: null | {
    /** 1, 50 and 99 % quantiles. */
    quantiles: [number, number, number];
    /** 0, 1, …, 100 % quantiles. */
    percentiles: number[];
    atFloor: number;
  };
}

/** Above this many rows, every k-th step is looked at. */
const MOST_STEPS = 4_000_000;

/** Rows whose steps are read at a time. */
const BLOCK_ROWS = 8192;

/** Null for fp32 tables. Only while no thread updates the table: borrows thread 0's scratch area. */
export function tableStatistics(
  memory: TableMemory,
  stepFloor: number | null,
  { changes, erased }: ErasedChanges,
): TableStatistics | null {
  const { storage, dim } = memory.spec;
  if (!isQuantized(storage.bits)) return null;
  const table = new Table(memory, 0);
  const { saturated, zero } = table.countCodes(0, table.rows);
  const writtenRows = countWritten(memory).rows;
  const codes = Math.max(1, writtenRows * dim);
  return {
    writtenRows,
    saturated: saturated / codes,
    zero: zero / codes,
    erased: changes > 0 ? erased / changes : null,
    steps: storage.hasRowStep ? stepStatistics(table, stepFloor) : null,
  };
}

function stepStatistics(table: Table, stepFloor: number | null): NonNullable<TableStatistics['steps']> {
  const stride = Math.ceil(table.rows / MOST_STEPS);
  // Steps at the floor are counted exactly; where there is none, only the sample is read.
  const every = stepFloor === null ? stride : 1;
  const sample = new Float32Array(Math.ceil(table.rows / stride));
  const steps = new Float32Array(BLOCK_ROWS);
  const rows = new Uint32Array(BLOCK_ROWS);
  let atFloor = 0;
  for (let first = 0; first < table.rows; first += BLOCK_ROWS * every) {
    const count = Math.min(BLOCK_ROWS, Math.ceil((table.rows - first) / every));
    for (let i = 0; i < count; i++) rows[i] = first + i * every;
    table.readSteps(rows.subarray(0, count), steps);
    for (let i = 0; i < count; i++) {
      if (steps[i] === stepFloor) atFloor++;
      if (rows[i] % stride === 0) sample[rows[i] / stride] = steps[i];
    }
  }
  sample.sort();
  const quantile = (share: number) => sample[Math.round(share * (sample.length - 1))];
  return {
    quantiles: [quantile(0.01), quantile(0.5), quantile(0.99)],
    percentiles: Array.from({ length: 101 }, (_, percent) => quantile(percent / 100)),
    atFloor,
  };
}
