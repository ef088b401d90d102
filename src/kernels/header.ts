// The header of every section of a shard: what a kernel has to know of its rows. The first is at address 0 of the
// shard's memory. wasm/table.ts reads the same list.
import type { RowRange } from '../quantization/row-grid.js';
import type { SharedMemory } from './shared-memory.js';

/** Byte of a record where there is no step, since the table has one for all its rows. */
export const NO_ROW_STEP = 0xffffffff;

/** `bits` of a table whose rows are fp32 values. */
export const FULL_BITS = 32;

/** `rowRange` as a number. */
export const rangeNumbers = { symmetric: 1, affine: 2 } as const satisfies Record<RowRange, number>;

/** `onesFrom` of a table whose rows all begin around 0. */
export const NO_ONES = 0xffffffff;

/** Bytes kept for the header; the fields take fewer. */
export const HEADER_BYTES = 128;

/** See the banner. Addresses are bytes in the shard's memory. */
export interface ShardHeader {
  dim: number;
  /** 2, 4, 6, 8, 12, 16, or 32 for fp32 values. */
  bits: number;
  /** Bytes of one record: codes (or values), step, bias, optimizer state, the step's optimizer state. */
  recordBytes: number;
  /** Byte of the step in a record, or NO_ROW_STEP. An affine row's bias is behind it. */
  stepOffset: number;
  /** The step of all rows, the first step of each, or the one of rows whose range is nothing. Of the served codes. */
  tableStep: number;
  /** Table row of the first record. */
  firstRow: number;
  /** Address of the bitmap of rows ever written. */
  written: number;
  /** Address of the first record. */
  records: number;
  /** Address of the vocabularies' first rows, and one more: the rows of the table (u32). */
  offsets: number;
  vocabularies: number;
  seedLow: number;
  seedHigh: number;
  /** The table's number, for random streams. */
  tableNumber: number;
  /** Factor of initial deviates (random/uniform.ts). */
  initialScale: number;
  /** How each row's grid follows from its values, by `rangeNumbers`; 0 where it does not. */
  rowRange: number;
  /** Table row from which on initial values are 1 + the deviate. */
  onesFrom: number;
  /** Bytes of a step, and of a bias, in a record: 4, fp32, or 2, half precision. */
  stepBytes: number;
  /** k, the low bits of a code that the network does not see (quantization/nested-grid.ts); 0: it sees all. */
  nestedShift: number;
}

const uint = ['getUint32', 'setUint32'] as const;
const float = ['getFloat32', 'setFloat32'] as const;

/** Order and type of the fields, four bytes each. */
const fields = {
  dim: uint,
  bits: uint,
  recordBytes: uint,
  stepOffset: uint,
  tableStep: float,
  firstRow: uint,
  written: uint,
  records: uint,
  offsets: uint,
  vocabularies: uint,
  seedLow: uint,
  seedHigh: uint,
  tableNumber: uint,
  initialScale: float,
  rowRange: uint,
  onesFrom: uint,
  stepBytes: uint,
  nestedShift: uint,
} as const satisfies Record<keyof ShardHeader, unknown>;

const names = Object.keys(fields) as (keyof ShardHeader)[];

/** Writes a header, little-endian. */
export function writeHeader(memory: SharedMemory, header: ShardHeader, at = 0): void {
  const view = new DataView(memory.buffer, at);
  for (const [i, name] of names.entries()) view[fields[name][1]](i * 4, header[name], true);
}

/** The header there. */
export function readHeader(memory: SharedMemory, at = 0): ShardHeader {
  const view = new DataView(memory.buffer, at);
  const entries = names.map((name, i) => [name, view[fields[name][0]](i * 4, true)]);
  return Object.fromEntries(entries) as ShardHeader;
}
