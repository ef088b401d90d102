// What `bitrow bench peers` gives to PyTorch: batches, first rows of the table and first parameters, as plain files of numbers
// that both begin from (bench/peers/dcn.py reads them).
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { microBatches } from '../batch/micro-batches.js';
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { CHUNK_ROWS } from '../embedding/shard.js';
import { Table } from '../embedding/table.js';
import { denseLayout, initializeDense } from '../models/dense.js';
import type { Config } from '../runs/config.js';
import { createModel, datasetShape, fieldOffsets } from '../scoring/blueprint.js';
import type { Trainer } from '../training/trainer.js';

/** Writes the problem into a folder. @param trainer that has not been trained yet, whose rows are those all begin with */
export async function writePeerProblem(
  folder: string,
  dataset: EncodedDataset,
  config: Config,
  batches: readonly Batch[],
  trainer: Trainer,
): Promise<void> {
  const shape = datasetShape(dataset.manifest);
  const model = createModel(config, shape, 'training');
  if (config.model.name !== 'dcn') throw new Error('The peers are DCN.');
  const { crossLayers, hidden, dim } = config.model;
  const dense = denseLayout(model);
  const parameters = new Float32Array(dense.length);
  initializeDense(model, dense, config.training.seed, parameters);
  const offsets = fieldOffsets(shape);
  const F = offsets.length;
  const { batchSize, microBatch } = config.training;
  const write = (name: string, data: ArrayBufferView) =>
    writeFile(join(folder, name), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const ids = new Int32Array(batches.length * batchSize * F);
  const labels = new Float32Array(batches.length * batchSize);
  for (const [n, batch] of batches.entries()) {
    const first = n * batchSize * F;
    for (let i = 0; i < batchSize * F; i++) ids[first + i] = offsets[i % F] + batch.ids[i];
    labels.set(batch.labels, n * batchSize);
  }
  await write('ids.i32', ids);
  await write('labels.f32', labels);
  await write('dense.f32', parameters);
  await writeTable(join(folder, 'table.f32'), new Table(trainer.table, 0));
  const problem = {
    batches: batches.length,
    batchRows: batchSize,
    microRows: microBatches(batchSize, microBatch)[0].paddedRows,
    fields: F,
    dim,
    rows: trainer.table.spec.offsets.at(-1),
    hidden,
    crossLayers,
    learningRate: config.optimizer.learningRate,
    denseLength: dense.length,
    parameters: dense.entries,
  };
  await writeFile(join(folder, 'problem.json'), JSON.stringify(problem));
}

/** Every row as the generator gives it; none is written in the table. */
async function writeTable(path: string, table: Table): Promise<void> {
  const file = await open(path, 'w');
  try {
    const { rows } = table;
    const { dim } = table.spec;
    const some = 64 * CHUNK_ROWS;
    for (let first = 0; first < rows; first += some) {
      const list = Uint32Array.from({ length: Math.min(some, rows - first) }, (_, i) => first + i);
      const values = new Float32Array(list.length * dim);
      table.read(list, values);
      await file.write(new Uint8Array(values.buffer), 0, values.byteLength, 4 * first * dim);
    }
  } finally {
    await file.close();
  }
}
