// A model on disk, one safetensors file: of every table the rows ever written (as ranges), their packed codes or
// fp32 values and their steps (and biases); the dense parameters and running statistics; what it was made from as metadata.
// With the optimizer's state of rows and dense parameters beside them it is what training goes on from.

import { isQuantized } from '../embedding/layout.js';
import type { TableMemory } from '../embedding/table-memory.js';
import {
  countWritten,
  mostBlockBytes,
  partOf,
  type RecordPart,
  readRecords,
  recordParts,
  rowsIn,
  writeRecords,
  writtenRanges,
} from '../embedding/table-records.js';
import { UserError } from '../errors.js';
import { type Dtype, dtypes, type TensorSpec } from '../formats/safetensors.js';
import { SafetensorsReader, type TensorArray } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { movedRanges } from './moved-ranges.js';

const FORMAT = 'bitrow-checkpoint-1';
const DENSE_STATE = 'dense.state';

/** A named vector of the network: a dense parameter or a running statistic. */
export interface DenseTensor {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/** What a checkpoint is made of. */
export interface CheckpointContent {
  /** The embeddings first. */
  tables: readonly TableMemory[];
  dense: readonly DenseTensor[];
  /** Optimizer state of the dense parameters, opaque. With it the rows' is stored too; without it, a model is. */
  denseState?: Uint8Array;
  /** Epoch and step after which it was made, fingerprint of the data, … */
  metadata: Readonly<Record<string, string>>;
}

/** Where a checkpoint is loaded to. */
export interface CheckpointTarget {
  /** Fresh: no row written. The embeddings first. */
  tables: readonly TableMemory[];
  dense: readonly DenseTensor[];
  /** Receives the optimizer state, which then must be there. */
  denseState?: Uint8Array;
  /** First row of each vocabulary, then V, of the tables that were saved, by name; by default those of `tables`. */
  offsets?: ReadonlyMap<string, readonly number[]>;
}

const modelParts = ['codes', 'steps'] as const satisfies RecordPart[];

function tableTensors(
  table: TableMemory,
  rows: number,
  ranges: number,
): Record<RecordPart | 'ranges' | 'parameters', TensorSpec> {
  const { name, dim, storage, layout } = table.spec;
  return {
    ranges: { name: `${name}.ranges`, dtype: 'U32', shape: [ranges, 2] },
    codes: isQuantized(storage.bits)
      ? { name: `${name}.codes`, dtype: 'U8', shape: [rows, layout.codeBytes] }
      : { name: `${name}.values`, dtype: 'F32', shape: [rows, dim] },
    // Of affine rows step and bias.
    steps: {
      name: `${name}.steps`,
      dtype: storage.stepBytes === 2 ? 'F16' : 'F32',
      shape: storage.range === 'affine' ? [rows, 2] : [rows],
    },
    parameters: { name: `${name}.parameters`, dtype: 'F32', shape: [table.parameters.byteLength / 4] },
    state: { name: `${name}.state`, dtype: 'U8', shape: [rows, partOf(table, 'state').bytes] },
  };
}

function storedParts(table: TableMemory, withState: boolean): RecordPart[] {
  const parts: readonly RecordPart[] = withState ? recordParts : modelParts;
  return parts.filter((part) => partOf(table, part).bytes > 0);
}

/** What is written of a table, in the order of the file. */
interface StoredTable {
  table: TableMemory;
  tensors: ReturnType<typeof tableTensors>;
  parts: RecordPart[];
  hasParameters: boolean;
}

function storedTable(table: TableMemory, withState: boolean): StoredTable {
  const { rows, ranges } = countWritten(table);
  const tensors = tableTensors(table, rows, ranges);
  const parts = storedParts(table, withState);
  return { table, tensors, parts, hasParameters: table.parameters.byteLength > 0 };
}

/** Writes a checkpoint aside and moves it into place. */
export async function saveCheckpoint(
  path: string,
  { tables, dense, denseState, metadata }: CheckpointContent,
): Promise<void> {
  const stored = tables.map((table) => storedTable(table, denseState !== undefined));
  const file = await SafetensorsWriter.create(
    path,
    [
      ...stored.flatMap(({ tensors, parts, hasParameters }) => [
        tensors.ranges,
        ...parts.map((part) => tensors[part]),
        ...(hasParameters ? [tensors.parameters] : []),
      ]),
      ...dense.map(({ name, shape }) => ({ name, dtype: 'F32' as const, shape })),
      ...(denseState ? [{ name: DENSE_STATE, dtype: 'U8' as const, shape: [denseState.length] }] : []),
    ],
    { ...metadata, format: FORMAT, ...gridMetadata(tables[0]) },
  );
  try {
    for (const table of stored) await writeTable(file, table);
    for (const { name, data } of dense) await file.write(name, data);
    if (denseState) await file.write(DENSE_STATE, denseState);
    await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

async function writeTable(
  file: SafetensorsWriter,
  { table, tensors, parts, hasParameters }: StoredTable,
): Promise<void> {
  const block = new Uint8Array(mostBlockBytes(table));
  for (const ranges of writtenRanges(table)) {
    await file.write(tensors.ranges.name, ranges);
    for (const part of parts) {
      const { name, dtype } = tensors[part];
      for (const bytes of readRecords(table, ranges, part, block)) {
        await file.write(name, elementsOf(dtype, bytes));
      }
    }
  }
  if (hasParameters) await file.write(tensors.parameters.name, new Float32Array(table.parameters));
}

/**
 * Loads a checkpoint into fresh tables and into the dense tensors' data.
 *
 * @throws UserError when the file is not a checkpoint, or of another model
 */
export async function loadCheckpoint(
  path: string,
  { tables, dense, denseState, offsets }: CheckpointTarget,
): Promise<Readonly<Record<string, string>>> {
  const file = await SafetensorsReader.open(path);
  try {
    const { metadata } = file;
    if (metadata.format !== FORMAT) {
      throw new UserError(`'${path}' has format '${metadata.format ?? 'none'}' (expected ${FORMAT}).`);
    }
    requireGrid(path, metadata, gridMetadata(tables[0]));
    if (denseState && !file.tensors.has(DENSE_STATE)) {
      throw new UserError(`'${path}' holds a model without optimizer state: training cannot go on from it.`);
    }
    for (const table of tables) {
      await readTable(file, table, denseState !== undefined, offsets?.get(table.spec.name));
    }
    for (const { name, data } of dense) {
      requireBytes(file, name, data.byteLength);
      await file.readRange(name, 0, data);
    }
    if (denseState) {
      requireBytes(file, DENSE_STATE, denseState.length);
      await file.readRange(DENSE_STATE, 0, denseState);
    }
    return metadata;
  } finally {
    await file.close();
  }
}

/** @param offsets first row of each vocabulary, then V, when the table was saved */
async function readTable(
  file: SafetensorsReader,
  table: TableMemory,
  withState: boolean,
  offsets: readonly number[] = table.spec.offsets,
): Promise<void> {
  const { name: tableName } = table.spec;
  const V = offsets[offsets.length - 1];
  const stored = storedParts(table, withState).map((part) => ({
    part,
    bytes: partOf(table, part).bytes,
    ...tableTensors(table, 0, 0)[part],
  }));
  // Nothing is loaded before all ranges are known to be good.
  let rows = 0;
  for await (const ranges of checkedRanges(file, tableName, V)) rows += rowsIn(ranges);
  for (const { name, bytes } of stored) requireBytes(file, name, rows * bytes);
  const block = new Uint8Array(mostBlockBytes(table));
  let done = 0;
  for await (const ranges of checkedRanges(file, tableName, V)) {
    const target = offsets === table.spec.offsets ? ranges : movedRanges(ranges, offsets, table.spec.offsets);
    for (const { part, name, dtype, bytes } of stored) {
      await writeRecords(table, target, part, async (firstByte, byteLength) => {
        const out = block.subarray(0, byteLength);
        await file.readRange(name, (done * bytes + firstByte) / dtypes[dtype].bytes, elementsOf(dtype, out));
        return out;
      });
    }
    done += rowsIn(ranges);
  }
  if (table.parameters.byteLength > 0) {
    const { name } = tableTensors(table, 0, 0).parameters;
    requireBytes(file, name, table.parameters.byteLength);
    await file.readRange(name, 0, new Float32Array(table.parameters));
  }
}

/** Training steps after which a checkpoint was made; −1 for a file that is none. */
export async function checkpointStep(path: string): Promise<number> {
  try {
    const file = await SafetensorsReader.open(path);
    const { format, trainingStep } = file.metadata;
    await file.close();
    return format === FORMAT ? Number(trainingStep) : -1;
  } catch (error) {
    if (error instanceof UserError) return -1;
    throw error;
  }
}

/** What the bytes of codes mean. Nested ones: `bits` of a code are stored, the upper `servedBits` are what is seen. */
function gridMetadata({ spec }: TableMemory): { bits: string; tableStep: string; servedBits?: string } {
  const { bits, tableStep, nestedShift } = spec.storage;
  return {
    bits: String(bits),
    tableStep: String(tableStep),
    ...(nestedShift && { servedBits: String(bits - nestedShift) }),
  };
}

function requireGrid(
  path: string,
  metadata: Readonly<Record<string, string>>,
  expected: ReturnType<typeof gridMetadata>,
): void {
  const [was, is] = [metadata, expected].map(
    ({ bits, servedBits = bits, tableStep }) => [bits, servedBits, tableStep] as const,
  );
  if (was.every((value, i) => value === is[i])) return;
  const text = ([bits, served]: readonly string[]) =>
    served === bits ? `${bits} bits` : `${bits} bits (${served} of them served)`;
  throw new UserError(
    `'${path}' has rows of ${text(was)} and step ${was[2]} (expected ${text(is)} and ${is[2]}): it is of another configuration.`,
  );
}

/** A part's bytes, as the file wants the elements of its dtype: the same memory, halves as their 16 bits. */
function elementsOf(dtype: Dtype, bytes: Uint8Array): TensorArray {
  const { buffer, byteOffset, byteLength } = bytes;
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  return dtype === 'F16' ? new Uint16Array(buffer, byteOffset, byteLength / 2) : bytes;
}

function requireBytes(file: SafetensorsReader, name: string, expected: number): void {
  const { sizeBytes } = file.entry(name);
  if (sizeBytes === expected) return;
  throw new UserError(
    `'${file.path}' has ${sizeBytes} bytes in '${name}' (expected ${expected}): it is of another configuration.`,
  );
}

/** Ranges that are read at a time. */
const BLOCK_RANGES = 1 << 16;

/** Yields the ranges of a checkpoint, some at a time, ascending and within the table's V rows. */
async function* checkedRanges(
  file: SafetensorsReader,
  table: string,
  V: number,
): AsyncGenerator<Uint32Array> {
  const name = `${table}.ranges`;
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
