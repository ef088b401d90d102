// What a quantized table looks like after an epoch: shares of saturated and zero codes, quantiles of the step and
// rows at its floor, and how many changes of the epoch deterministic rounding would have erased. AUC at 8 bits does not show whether steps are learned well; this does.
import type { ErasedChanges } from '../embedding/erased-changes.js';
import { isQuantized } from '../embedding/layout.js';
import { Table, type TableMemory } from '../embedding/table.js';
import { readRecords, writtenRanges } from '../embedding/table-records.js';

/** A quantized table after an epoch. */
export interface TableStatistics {
  /** Rows ever written. */
  writtenRows: number;
  /** Shares of the written rows' codes. */
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
  const ranges = writtenRanges(memory);
  let writtenRows = 0;
  for (let r = 1; r < ranges.length; r += 2) writtenRows += ranges[r];
  const codes = Math.max(1, writtenRows * dim);
  return {
    writtenRows,
    saturated: saturated / codes,
    zero: zero / codes,
    erased: changes > 0 ? erased / changes : null,
    steps: storage.hasRowStep ? stepStatistics(memory, ranges, table.rows, writtenRows, stepFloor) : null,
  };
}

function stepStatistics(
  memory: TableMemory,
  ranges: Uint32Array,
  rows: number,
  writtenRows: number,
  stepFloor: number | null,
): NonNullable<TableStatistics['steps']> {
  const stride = Math.ceil(rows / MOST_STEPS);
  const sample: number[] = [];
  let atFloor = 0;
  let seen = 0;
  for (const bytes of readRecords(memory, ranges, 'steps')) {
    for (const step of new Float32Array(bytes.buffer)) {
      if (step === stepFloor) atFloor++;
      if (seen++ % stride === 0) sample.push(step);
    }
  }
  // Rows never written have the first step.
  for (let i = 0; i < (rows - writtenRows) / stride; i++) sample.push(memory.spec.storage.tableStep);
  const sorted = Float32Array.from(sample).sort();
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return {
    quantiles: [quantile(0.01), quantile(0.5), quantile(0.99)],
    percentiles: Array.from({ length: 101 }, (_, percent) => quantile(percent / 100)),
    atFloor,
  };
}
