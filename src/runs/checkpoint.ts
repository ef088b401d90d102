// A model on disk, one safetensors file: of every table the rows ever written (as ranges), their packed codes or
// fp32 values and their steps; the dense parameters and running statistics; what it was made from as metadata.

import { isQuantized } from '../embedding/layout.js';
import { tableRows } from '../embedding/shard.js';
import type { TableMemory } from '../embedding/table.js';
import {
  partOf,
  type RecordPart,
  readRecords,
  writeRecords,
  writtenRanges,
} from '../embedding/table-records.js';
import { UserError } from '../errors.js';
import type { TensorSpec } from '../formats/safetensors.js';
import { SafetensorsReader } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';

const FORMAT = 'bitrow-checkpoint-1';

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
  /** Epoch and step after which it was made, fingerprint of the data, … */
  metadata: Readonly<Record<string, string>>;
}

/** Parts of the table that a model is; optimizer state is no part of it. */
const modelParts = ['codes', 'steps'] as const satisfies RecordPart[];

function tableTensors(
  table: TableMemory,
  rows: number,
  ranges: number,
): Record<(typeof modelParts)[number] | 'ranges', TensorSpec> {
  const { name, dim, storage, layout } = table.spec;
  return {
    ranges: { name: `${name}.ranges`, dtype: 'U32', shape: [ranges, 2] },
    codes: isQuantized(storage.bits)
      ? { name: `${name}.codes`, dtype: 'U8', shape: [rows, layout.codeBytes] }
      : { name: `${name}.values`, dtype: 'F32', shape: [rows, dim] },
    steps: { name: `${name}.steps`, dtype: 'F32', shape: [rows] },
  };
}

/** Writes a checkpoint aside and moves it into place. */
export async function saveCheckpoint(
  path: string,
  { table, dense, metadata }: CheckpointContent,
): Promise<void> {
  const ranges = writtenRanges(table);
  let rows = 0;
  for (let r = 1; r < ranges.length; r += 2) rows += ranges[r];
  const tensors = tableTensors(table, rows, ranges.length / 2);
  const stored = modelParts.filter((part) => partOf(table, part).bytes > 0);
  const { bits, tableStep } = table.spec.storage;
  const file = await SafetensorsWriter.create(
    path,
    [
      tensors.ranges,
      ...stored.map((part) => tensors[part]),
      ...dense.map(({ name, shape }) => ({ name, dtype: 'F32' as const, shape })),
    ],
    { ...metadata, format: FORMAT, bits: String(bits), tableStep: String(tableStep) },
  );
  try {
    await file.write(tensors.ranges.name, ranges);
    for (const part of stored) {
      const { name, dtype } = tensors[part];
      for (const bytes of readRecords(table, ranges, part)) {
        await file.write(name, dtype === 'F32' ? new Float32Array(bytes.buffer) : bytes);
      }
    }
    for (const { name, data } of dense) await file.write(name, data);
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
  table: TableMemory,
  dense: readonly DenseTensor[],
): Promise<Readonly<Record<string, string>>> {
  const file = await SafetensorsReader.open(path);
  try {
    const { metadata } = file;
    if (metadata.format !== FORMAT) {
      throw new UserError(`'${path}' has format '${metadata.format ?? 'none'}' (expected ${FORMAT}).`);
    }
    const { bits, tableStep } = table.spec.storage;
    if (metadata.bits !== String(bits) || metadata.tableStep !== String(tableStep)) {
      throw new UserError(
        `'${path}' has rows of ${metadata.bits} bits and step ${metadata.tableStep} (expected ${bits} and ${tableStep}): it is of another configuration.`,
      );
    }
    const ranges = (await file.readTensor(`${table.spec.name}.ranges`)).data as Uint32Array;
    checkRanges(path, table, ranges);
    for (const part of modelParts) {
      const { bytes } = partOf(table, part);
      if (bytes === 0) continue;
      const { name, dtype } = tableTensors(table, 0, 0)[part];
      await writeRecords(table, ranges, part, async (firstByte, byteLength) => {
        const bytes = new Uint8Array(byteLength);
        if (dtype === 'U8') await file.readRange(name, firstByte, bytes);
        else await file.readRange(name, firstByte / 4, new Float32Array(bytes.buffer));
        return bytes;
      });
    }
    for (const { name, data } of dense) {
      const tensor = await file.readTensor(name);
      if (tensor.data.length !== data.length) {
        throw new UserError(
          `'${path}' has ${tensor.data.length} numbers in '${name}' (expected ${data.length}).`,
        );
      }
      data.set(tensor.data as Float32Array);
    }
    return metadata;
  } finally {
    await file.close();
  }
}

function checkRanges(path: string, { spec }: TableMemory, ranges: Uint32Array): void {
  const rows = tableRows(spec);
  let end = 0;
  for (let r = 0; r < ranges.length; r += 2) {
    if (ranges[r] < end || ranges[r] + ranges[r + 1] > rows) {
      throw new UserError(`'${path}' names rows outside table '${spec.name}' (rows 0 to ${rows - 1}).`);
    }
    end = ranges[r] + ranges[r + 1];
  }
}
