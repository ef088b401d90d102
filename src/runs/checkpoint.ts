// A model on disk, one safetensors file: of every table the rows ever written (as ranges), their packed codes or
// fp32 values and their steps (and biases), those of hot rows in tensors of their own; the dense parameters and running statistics; what it was made from as metadata.
// With the optimizer's state of rows and dense parameters beside them it is what training goes on from.

import { isQuantized } from '../embedding/layout.js';
import type { TableMemory } from '../embedding/table-memory.js';
import {
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
import type { TensorSpec } from '../formats/safetensors.js';
import { SafetensorsReader } from '../formats/safetensors-reader.js';
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
  table: TableMemory;
  dense: readonly DenseTensor[];
  /** Optimizer state of the dense parameters, opaque. With it the rows' is stored too; without it, a model is. */
  denseState?: Uint8Array;
  /** Epoch and step after which it was made, fingerprint of the data, … */
  metadata: Readonly<Record<string, string>>;
}

/** Where a checkpoint is loaded to. */
export interface CheckpointTarget {
  /** Fresh: no row written. */
  table: TableMemory;
  dense: readonly DenseTensor[];
  /** Receives the optimizer state, which then must be there. */
  denseState?: Uint8Array;
  /** First row of each vocabulary, then V, of the table that was saved; by default those of `table`. */
  offsets?: readonly number[];
}

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
    steps: { name: `${prefix}.steps`, dtype: 'F32', shape: storage.range === 'affine' ? [rows, 2] : [rows] },
    state: { name: `${prefix}.state`, dtype: 'U8', shape: [rows, partOf(table, 'state', tier).bytes] },
  };
}

function parametersTensor({ spec, parameters }: TableMemory): TensorSpec {
  return { name: `${spec.name}.parameters`, dtype: 'F32', shape: [parameters.byteLength / 4] };
}

/** A tensor of a table's records, and what it holds of them. */
interface StoredPart {
  tier: Tier;
  part: RecordPart;
  tensor: TensorSpec;
  /** Rows of the tier in the ranges. */
  rows: number;
}

/** The tensors of a table's records, in the order of the file. */
function storedParts(table: TableMemory, ranges: Uint32Array, withState: boolean): StoredPart[] {
  const parts: readonly RecordPart[] = withState ? recordParts : modelParts;
  return tiersOf(table.spec).flatMap((tier) => {
    const rows = rowsOfTier(table, ranges, tier);
    const tensors = tierTensors(table, tier, rows);
    return parts
      .filter((part) => partOf(table, part, tier).bytes > 0)
      .map((part) => ({ tier, part, tensor: tensors[part], rows }));
  });
}

/** What the file's metadata says of how rows are stored. */
function storageMetadata({ storage }: TableMemory['spec']): Record<string, string> {
  const { bits, tableStep, hot } = storage;
  return {
    bits: String(bits),
    tableStep: String(tableStep),
    ...(hot && { hotBits: String(hot.bits), hotStep: String(hot.tableStep) }),
  };
}

/** Writes a checkpoint aside and moves it into place. */
export async function saveCheckpoint(
  path: string,
  { table, dense, denseState, metadata }: CheckpointContent,
): Promise<void> {
  const ranges = writtenRanges(table);
  const rangesTensor: TensorSpec = {
    name: `${table.spec.name}.ranges`,
    dtype: 'U32',
    shape: [ranges.length / 2, 2],
  };
  const stored = storedParts(table, ranges, denseState !== undefined);
  const hasParameters = table.parameters.byteLength > 0;
  const file = await SafetensorsWriter.create(
    path,
    [
      rangesTensor,
      ...stored.map(({ tensor }) => tensor),
      ...(hasParameters ? [parametersTensor(table)] : []),
      ...dense.map(({ name, shape }) => ({ name, dtype: 'F32' as const, shape })),
      ...(denseState ? [{ name: DENSE_STATE, dtype: 'U8' as const, shape: [denseState.length] }] : []),
    ],
    { ...metadata, format: FORMAT, ...storageMetadata(table.spec) },
  );
  try {
    await file.write(rangesTensor.name, ranges);
    for (const { tier, part, tensor } of stored) {
      const { name, dtype } = tensor;
      for (const bytes of readRecords(table, ranges, part, tier)) {
        await file.write(name, dtype === 'F32' ? new Float32Array(bytes.buffer) : bytes);
      }
    }
    if (hasParameters) await file.write(parametersTensor(table).name, new Float32Array(table.parameters));
    for (const { name, data } of dense) await file.write(name, data);
    if (denseState) await file.write(DENSE_STATE, denseState);
    await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/**
 * Loads a checkpoint into a fresh table and into the dense tensors' data.
 *
 * @throws UserError when the file is not a checkpoint, or of another model
 */
export async function loadCheckpoint(
  path: string,
  { table, dense, denseState, offsets = table.spec.offsets }: CheckpointTarget,
): Promise<Readonly<Record<string, string>>> {
  const file = await SafetensorsReader.open(path);
  try {
    const { metadata } = file;
    if (metadata.format !== FORMAT) {
      throw new UserError(`'${path}' has format '${metadata.format ?? 'none'}' (expected ${FORMAT}).`);
    }
    requireStorage(path, metadata, storageMetadata(table.spec));
    if (denseState && !file.tensors.has(DENSE_STATE)) {
      throw new UserError(`'${path}' holds a model without optimizer state: training cannot go on from it.`);
    }
    const ranges = (await file.readTensor(`${table.spec.name}.ranges`)).data as Uint32Array;
    checkRanges(path, table.spec.name, offsets[offsets.length - 1], ranges);
    const target = offsets === table.spec.offsets ? ranges : movedRanges(ranges, offsets, table.spec.offsets);
    // Hot rows are the first of each vocabulary, before and after it grew: a tier's rows keep their order.
    for (const { tier, part, tensor, rows } of storedParts(table, target, denseState !== undefined)) {
      const { name, dtype } = tensor;
      requireBytes(file, name, rows * partOf(table, part, tier).bytes);
      const next = async (firstByte: number, byteLength: number) => {
        const bytes = new Uint8Array(byteLength);
        if (dtype === 'U8') await file.readRange(name, firstByte, bytes);
        else await file.readRange(name, firstByte / 4, new Float32Array(bytes.buffer));
        return bytes;
      };
      await writeRecords(table, target, part, next, tier);
    }
    if (table.parameters.byteLength > 0) {
      const { name } = parametersTensor(table);
      requireBytes(file, name, table.parameters.byteLength);
      await file.readRange(name, 0, new Float32Array(table.parameters));
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

function requireStorage(
  path: string,
  found: Readonly<Record<string, string>>,
  { bits, tableStep, hotBits, hotStep }: Record<string, string>,
): void {
  if (found.bits !== bits || found.tableStep !== tableStep) {
    throw new UserError(
      `'${path}' has rows of ${found.bits} bits and step ${found.tableStep} (expected ${bits} and ${tableStep}): it is of another configuration.`,
    );
  }
  if (found.hotBits === hotBits && found.hotStep === hotStep) return;
  throw new UserError(
    `'${path}' has hot rows of ${found.hotBits ?? 'no'} bits and step ${found.hotStep ?? 'none'} (expected ${hotBits ?? 'no'} and ${hotStep ?? 'none'}): it is of another configuration.`,
  );
}

function requireBytes(file: SafetensorsReader, name: string, expected: number): void {
  const { sizeBytes } = file.entry(name);
  if (sizeBytes === expected) return;
  throw new UserError(
    `'${file.path}' has ${sizeBytes} bytes in '${name}' (expected ${expected}): it is of another configuration.`,
  );
}

function checkRanges(path: string, table: string, rows: number, ranges: Uint32Array): void {
  let end = 0;
  for (let r = 0; r < ranges.length; r += 2) {
    if (ranges[r] < end || ranges[r] + ranges[r + 1] > rows) {
      throw new UserError(`'${path}' names rows outside table '${table}' (rows 0 to ${rows - 1}).`);
    }
    end = ranges[r] + ranges[r + 1];
  }
}
