// A model on disk, one safetensors file: the tables (table-tensors.ts), the dense parameters and running statistics, and
// what it was made from as metadata. With the optimizer's state of rows and dense parameters beside them it is what
// training goes on from.

import type { TableMemory } from '../embedding/table-memory.js';
import { UserError } from '../errors.js';
import { SafetensorsReader } from '../formats/safetensors-reader.js';
import { SafetensorsWriter } from '../formats/safetensors-writer.js';
import { gridMetadata, requireGrid } from './grid-metadata.js';
import { readTable, requireBytes, storedTable, tensorsOf, writeTable } from './table-tensors.js';

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

/** Writes a checkpoint aside and moves it into place. */
export async function saveCheckpoint(
  path: string,
  { tables, dense, denseState, metadata }: CheckpointContent,
): Promise<void> {
  const stored = tables.map((table) => storedTable(table, denseState !== undefined));
  const file = await SafetensorsWriter.create(
    path,
    [
      ...stored.flatMap(tensorsOf),
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
