// The tables of a checkpoint as tensors: of each the rows ever written, as ranges, then their codes or values, steps (and
// biases) and optimizer state, those of hot rows in tensors of their own, and the numbers of the table as a whole. All
// of it is streamed: nothing grows with the table.
import { isQuantized } from '../embedding/layout.js';
import type { TableMemory } from '../embedding/table-memory.js';
import {
  countWritten,
  mostBlockBytes,
  partOf,
  type RecordPart,
  readRecords,
  recordParts,
  rowsOfTier,
  writeRecords,
  writtenRanges,
} from '../embedding/table-records.js';
import { type Tier, tierStorage, tiersOf } from '../embedding/tiers.js';
import { UserError } from '../errors.js';
import { type Dtype, dtypes, type TensorSpec } from '../formats/safetensors.js';
import type { SafetensorsReader, TensorArray } from '../formats/safetensors-reader.js';
import type { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { movedRanges } from './moved-ranges.js';

const modelParts = ['codes', 'steps'] as const satisfies RecordPart[];

/** Tensors of a tier's records, `rows` of them written. */
function tierTensors(table: TableMemory, tier: Tier, rows: number): Record<RecordPart, TensorSpec> {
  const { name, dim, storage } = table.spec;
  const { bits, layout } = tierStorage(table.spec, tier);
  const prefix = tier === 'hot' ? `${name}.hot` : name;
  return {
    codes: isQuantized(bits)
      ? { name: `${prefix}.codes`, dtype: 'U8', shape: [rows, layout.codeBytes] }
      : { name: `${prefix}.values`, dtype: 'F32', shape: [rows, dim] },
    // Of affine rows step and bias.
    steps: {
      name: `${prefix}.steps`,
      dtype: storage.stepBytes === 2 ? 'F16' : 'F32',
      shape: storage.range === 'affine' ? [rows, 2] : [rows],
    },
    state: { name: `${prefix}.state`, dtype: 'U8', shape: [rows, partOf(table, 'state', tier).bytes] },
  };
}

/** A tensor of a table's records, and what it holds of them. */
interface StoredPart {
  tier: Tier;
  part: RecordPart;
  tensor: TensorSpec;
  /** Of one row. */
  bytes: number;
}

/** The tensors of a table's records, in the order of the file. */
function storedParts(table: TableMemory, rows: Record<Tier, number>, withState: boolean): StoredPart[] {
  const parts: readonly RecordPart[] = withState ? recordParts : modelParts;
  return tiersOf(table.spec).flatMap((tier) => {
    const tensors = tierTensors(table, tier, rows[tier]);
    return parts
      .map((part) => ({ tier, part, tensor: tensors[part], bytes: partOf(table, part, tier).bytes }))
      .filter(({ bytes }) => bytes > 0);
  });
}

/** The tensor of the numbers that a table has as a whole; undefined where there are none. */
function parametersTensor({ spec, parameters }: TableMemory): TensorSpec | undefined {
  const count = parameters.byteLength / 4;
  return count > 0 ? { name: `${spec.name}.parameters`, dtype: 'F32', shape: [count] } : undefined;
}

const rangesName = (table: string) => `${table}.ranges`;

/** What is written of a table, in the order of the file. */
export interface StoredTable {
  table: TableMemory;
  ranges: TensorSpec;
  parts: StoredPart[];
  parameters: TensorSpec | undefined;
}

/** All that is to be written of a table as it is now; with optimizer state, or a model alone. */
export function storedTable(table: TableMemory, withState: boolean): StoredTable {
  const { tierRows, ranges } = countWritten(table);
  return {
    table,
    ranges: { name: rangesName(table.spec.name), dtype: 'U32', shape: [ranges, 2] },
    parts: storedParts(table, tierRows, withState),
    parameters: parametersTensor(table),
  };
}

/** Its tensors, in the order of the file. */
export function tensorsOf({ ranges, parts, parameters }: StoredTable): TensorSpec[] {
  return [ranges, ...parts.map(({ tensor }) => tensor), ...(parameters ? [parameters] : [])];
}

/** Writes the tensors of a table. */
export async function writeTable(file: SafetensorsWriter, stored: StoredTable): Promise<void> {
  const { table, parts, parameters } = stored;
  const block = new Uint8Array(mostBlockBytes(table));
  for (const ranges of writtenRanges(table)) {
    await file.write(stored.ranges.name, ranges);
    for (const { tier, part, tensor } of parts) {
      for (const bytes of readRecords(table, ranges, part, tier, block)) {
        await file.write(tensor.name, elementsOf(tensor.dtype, bytes));
      }
    }
  }
  if (parameters) await file.write(parameters.name, new Float32Array(table.parameters));
}

/**
 * Loads a table that is fresh.
 *
 * @param offsets first row of each vocabulary, then V, when the table was saved
 * @throws UserError where the tensors are of another table
 */
export async function readTable(
  file: SafetensorsReader,
  table: TableMemory,
  withState: boolean,
  offsets: readonly number[] = table.spec.offsets,
): Promise<void> {
  const { spec } = table;
  const V = offsets[offsets.length - 1];
  /** Some at a time, where their rows lie in this table: lent until the next are asked for. */
  async function* blocksOfRanges(): AsyncGenerator<Uint32Array> {
    for await (const ranges of checkedRanges(file, spec.name, V)) {
      yield offsets === spec.offsets ? ranges : movedRanges(ranges, offsets, spec.offsets);
    }
  }
  // Nothing is loaded before all ranges are known to be good.
  const rows = { cold: 0, hot: 0 };
  for await (const ranges of blocksOfRanges()) addRows(rows, table, ranges);
  const parts = storedParts(table, rows, withState);
  for (const { tier, tensor, bytes } of parts) requireBytes(file, tensor.name, rows[tier] * bytes);
  const block = new Uint8Array(mostBlockBytes(table));
  const done = { cold: 0, hot: 0 };
  for await (const ranges of blocksOfRanges()) {
    // Hot rows are the first of each vocabulary, before and after it grew: a tier's rows keep their order.
    for (const { tier, part, tensor, bytes } of parts) {
      const { name, dtype } = tensor;
      const next = async (firstByte: number, byteLength: number) => {
        const out = block.subarray(0, byteLength);
        const element = (done[tier] * bytes + firstByte) / dtypes[dtype].bytes;
        await file.readRange(name, element, elementsOf(dtype, out));
        return out;
      };
      await writeRecords(table, ranges, part, next, tier);
    }
    addRows(done, table, ranges);
  }
  const parameters = parametersTensor(table);
  if (parameters) {
    requireBytes(file, parameters.name, table.parameters.byteLength);
    await file.readRange(parameters.name, 0, new Float32Array(table.parameters));
  }
}

/** Counts the rows of ranges, each in its tier. */
function addRows(rows: Record<Tier, number>, table: TableMemory, ranges: Uint32Array): void {
  for (const tier of tiersOf(table.spec)) rows[tier] += rowsOfTier(table, ranges, tier);
}

/** @throws UserError where a tensor has another size */
export function requireBytes(file: SafetensorsReader, name: string, expected: number): void {
  const { sizeBytes } = file.entry(name);
  if (sizeBytes === expected) return;
  throw new UserError(
    `'${file.path}' has ${sizeBytes} bytes in '${name}' (expected ${expected}): it is of another configuration.`,
  );
}

/** A part's bytes, as the file wants the elements of its dtype: the same memory, halves as their 16 bits. */
function elementsOf(dtype: Dtype, bytes: Uint8Array): TensorArray {
  const { buffer, byteOffset, byteLength } = bytes;
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  return dtype === 'F16' ? new Uint16Array(buffer, byteOffset, byteLength / 2) : bytes;
}

/** Ranges that are read at a time. */
const BLOCK_RANGES = 1 << 16;

/** Yields the ranges of a checkpoint, some at a time, ascending and within the table's V rows. */
async function* checkedRanges(
  file: SafetensorsReader,
  table: string,
  V: number,
): AsyncGenerator<Uint32Array> {
  const name = rangesName(table);
  const { elements } = file.entry(name);
  const block = new Uint32Array(Math.min(elements, 2 * BLOCK_RANGES));
  let end = 0;
  for (let at = 0; at < elements; at += block.length) {
    const ranges = block.subarray(0, Math.min(block.length, elements - at));
    await file.readRange(name, at, ranges);
    for (let r = 0; r < ranges.length; r += 2) {
      if (ranges[r] < end || ranges[r] + ranges[r + 1] > V) {
        throw new UserError(`'${file.path}' names rows outside table '${table}' (rows 0 to ${V - 1}).`);
      }
      end = ranges[r] + ranges[r + 1];
    }
    yield ranges;
  }
}
