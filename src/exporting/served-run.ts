// A run's table as it is served. Codes that are stored as they are served go out as bytes; of nested codes, and of fp32
// rows that are seen on a grid, the codes are found from what `table.read` gives. Rows that training never wrote get
// their initial values. Reads with the scratch area of thread 0: not while a team scores.
import type { GridView } from '../embedding/grid-view.js';
import { isQuantized } from '../embedding/layout.js';
import { Table } from '../embedding/table.js';
import type { TableMemory } from '../embedding/table-memory.js';
import { readRecords } from '../embedding/table-records.js';
import { type Tier, tierRuns, tierStorage } from '../embedding/tiers.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import type { CodeBits } from '../quantization/grid.js';
import { toHalf } from '../quantization/half.js';
import { codesOnGrid, minMaxPacked, rowsFrom, servedBits } from './packed-codes.js';
import type { ServedFormat, ServedTable, ServedTier } from './served-table.js';

/** Rows that go out at a time. */
const BLOCK_ROWS = 8192;

/** The rows of a table as they are served. */
export function servedRun(memory: TableMemory): ServedTable {
  const { spec } = memory;
  const table = new Table(memory, 0);
  const { hot } = spec;
  return {
    name: spec.name,
    dim: spec.dim,
    cold: servedTier(table, memory, 'cold'),
    hot: hot ? { ...servedTier(table, memory, 'hot'), ofVocabulary: hot.rows } : null,
  };
}

/** The same rows as fp32 values, whatever the method stores: what a table would take without codes. */
export function servedValues(memory: TableMemory): ServedTable {
  const { name, dim } = memory.spec;
  const table = new Table(memory, 0);
  const { format, read } = fp32Rows(table);
  const runs = [{ firstRow: 0, rows: table.rows }];
  return { name, dim, hot: null, cold: { rows: table.rows, format, blocks: () => blocksOf(runs, read) } };
}

function servedTier(table: Table, memory: TableMemory, tier: Tier): ServedTier {
  const runs = tierRuns(memory.spec).filter((run) => run.tier === tier);
  const { format, read } = rowReader(table, memory, tier);
  return {
    rows: runs.reduce((sum, { rows }) => sum + rows, 0),
    format,
    blocks: () => blocksOf(runs, read),
  };
}

async function* blocksOf(runs: readonly { firstRow: number; rows: number }[], read: RowReader['read']) {
  for (const { firstRow, rows } of runs) {
    for (let done = 0; done < rows; done += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - done);
      yield { rows: count, arrays: read(firstRow + done, count) };
    }
  }
}

interface RowReader {
  format: ServedFormat;
  /** The arrays of rows that are all of the tier. */
  read(first: number, count: number): TensorArray[];
}

function rowReader(table: Table, memory: TableMemory, tier: Tier): RowReader {
  const { storage } = memory.spec;
  const { bits, tableStep } = tierStorage(memory.spec, tier);
  const { view, range, nestedShift, hasRowStep, stepBytes = 4 } = storage;
  const stepType = stepBytes === 2 ? 'F16' : 'F32';
  if (isQuantized(bits)) {
    const served = servedBits(bits - (nestedShift ?? 0));
    const step = hasRowStep ? stepType : tableStep;
    if (nestedShift) return rowsOnGrid(table, { kind: 'symmetric', bits: served, step });
    if (range === 'affine') {
      return asStored(table, memory, tier, { kind: 'affine', bits: served, side: stepType, roundings: 2 });
    }
    return asStored(table, memory, tier, { kind: 'symmetric', bits: served, step });
  }
  if (view?.kind === 'grid') return rowsOnGrid(table, gridFormat(table, view, hasRowStep));
  if (view?.kind === 'min-max') return minMaxRows(table, view.bits);
  return fp32Rows(table);
}

function gridFormat(table: Table, { bits }: GridView, hasRowStep: boolean): SymmetricFormat {
  return { kind: 'symmetric', bits, step: hasRowStep ? 'F32' : table.parameters[0] };
}

type SymmetricFormat = Extract<ServedFormat, { kind: 'symmetric' }>;

/** fp32 rows; of a pruned table with the zeros that are read. */
function fp32Rows(table: Table): RowReader {
  const { dim } = table.spec;
  const values = new Float32Array(BLOCK_ROWS * dim);
  return {
    format: { kind: 'fp32' },
    read(first, count) {
      const out = values.subarray(0, count * dim);
      table.read(rowsFrom(first, count), out);
      return [out];
    },
  };
}

/** Records whose bytes are what is served: codes, then step, then bias. */
function asStored(
  table: Table,
  memory: TableMemory,
  tier: Tier,
  format: Extract<ServedFormat, { kind: 'symmetric' | 'affine' }>,
): RowReader {
  const parts = (part: 'codes' | 'steps', first: number, count: number): Uint8Array => {
    const blocks = [...readRecords(memory, Uint32Array.of(first, count), part, tier)].map((block) =>
      block.slice(),
    );
    return blocks.length === 1 ? blocks[0] : Buffer.concat(blocks);
  };
  const isAffine = format.kind === 'affine';
  const hasSides = isAffine || typeof format.step !== 'number';
  const isHalf = isAffine ? format.side === 'F16' : format.step === 'F16';
  return {
    format,
    read(first, count) {
      // A row that was never written has its codes from here on.
      table.touch(rowsFrom(first, count));
      const bytes = parts('codes', first, count);
      const codes = format.bits === 16 ? new Uint16Array(aligned(bytes)) : bytes;
      if (!hasSides) return [codes];
      const buffer = aligned(parts('steps', first, count));
      const numbers = isHalf ? new Uint16Array(buffer) : new Float32Array(buffer);
      if (!isAffine) return [codes, numbers];
      return [codes, numbers.filter((_, i) => i % 2 === 0), numbers.filter((_, i) => i % 2 === 1)];
    },
  };
}

/** Rows that are read as step · code. */
function rowsOnGrid(table: Table, format: SymmetricFormat): RowReader {
  const { dim, name } = table.spec;
  const { bits, step } = format;
  const values = new Float32Array(BLOCK_ROWS * dim);
  return {
    format,
    read(first, count) {
      const rows = rowsFrom(first, count);
      const some = values.subarray(0, count * dim);
      table.read(rows, some);
      if (typeof step === 'number') {
        return [asWords(codesOnGrid({ name, first, values: some, steps: step }, dim, bits), bits)];
      }
      const steps = new Float32Array(count);
      table.readSteps(rows, steps);
      const packed = asWords(codesOnGrid({ name, first, values: some, steps }, dim, bits), bits);
      return [packed, step === 'F16' ? Uint16Array.from(steps, toHalf) : steps];
    },
  };
}

/** Rows that are rounded between their least and their greatest value when they are read. */
function minMaxRows(table: Table, bits: CodeBits): RowReader {
  const { dim } = table.spec;
  const values = new Float32Array(BLOCK_ROWS * dim);
  return {
    format: { kind: 'affine', bits, side: 'F32', roundings: 1 },
    read(first, count) {
      const some = values.subarray(0, count * dim);
      table.readStored(rowsFrom(first, count), some);
      const { packed, scales, biases } = minMaxPacked(some, dim, bits);
      return [asWords(packed, bits), scales, biases];
    },
  };
}

/** Codes of 16 bits as numbers. */
function asWords(packed: Uint8Array, bits: CodeBits): TensorArray {
  return bits === 16 ? new Uint16Array(packed.buffer) : packed;
}

/** Bytes in a buffer of their own. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
