// What a training takes, from configuration and manifest, before anything is allocated: the memory that bitrow counts,
// what the process has beside it, and the room on the disk.
import { windowBytes } from '../batch/window-bytes.js';
import { mostIdsOf } from '../data/bags.js';
import type { Manifest } from '../data/manifest.js';
import { DENSE_BLOCK, denseLayout } from '../models/dense.js';
import { MOST_CHECKPOINTS } from '../runs/checkpoints.js';
import type { Config } from '../runs/config.js';
import {
  createDenseOptimizer,
  createModel,
  datasetShape,
  embeddingSpec,
  firstOrderSpec,
  vocabularyOffsets,
} from '../scoring/blueprint.js';
import { expectedShape } from '../scoring/hot-rows.js';
import { processBytes } from '../scoring/process-bytes.js';
import { mostMicroRows } from './exchange-layout.js';
import { type MemoryReport, predictMemory } from './memory.js';
import { trainingExchange } from './training-exchange.js';

/** What a training needs, in bytes. */
export interface TrainingNeeds {
  /** What bitrow allocates. */
  memory: MemoryReport;
  /** What the process has beside it: Node.js, onnxruntime, DuckDB, rows that are read ahead. An estimate. */
  process: number;
  /** The most that the run's directory holds at a time, if every row of the table is written. */
  disk: {
    /** A checkpoint. */
    checkpoint: number;
    /** The model of the best epoch. */
    best: number;
    total: number;
  };
  /** The same rows in fp32 with the two fp32 moments of Adam. */
  fp32: number;
}

/** What a training will allocate. */
export function trainingMemory(config: Config, manifest: Manifest, threads: number): MemoryReport {
  const shape = expectedShape(config, manifest);
  const model = createModel(config, shape, 'training');
  const bagIds = mostIdsOf(manifest, config.training.batchSize);
  const exchange = trainingExchange(config, shape, model, threads, bagIds);
  const options = { threads, isTraining: true };
  const weights = firstOrderSpec(config, shape, model, options);
  const specs = [embeddingSpec(config, shape, options), ...(weights ? [weights] : [])];
  return predictMemory(specs, model, exchange);
}

/** All that a training needs. */
export function trainingNeeds(config: Config, manifest: Manifest, threads: number): TrainingNeeds {
  const { batchSize, microBatch } = config.training;
  const memory = trainingMemory(config, manifest, threads);
  const shape = datasetShape(manifest);
  const model = createModel(config, shape, 'training');
  const dense = denseLayout(model).length;
  const denseBytes = 4 * dense + TENSOR_BYTES;
  const stateBytes = (dense / DENSE_BLOCK) * createDenseOptimizer().stateBytes(DENSE_BLOCK);
  const best = memory.table + memory.step + denseBytes;
  const checkpoint = best + memory.optimizer + stateBytes;
  return {
    memory,
    process: processBytes({
      threads,
      model,
      microRows: mostMicroRows({ batchRows: batchSize, microRows: microBatch }),
      // The windows of one split may wait for the garbage collector while those of the other are made.
      windowBytes: windowBytes(manifest, ['train', 'validation']),
    }),
    // A new checkpoint stands beside those that are kept until it is whole.
    disk: { checkpoint, best, total: (MOST_CHECKPOINTS + 1) * checkpoint + best },
    fp32: fp32Bytes(config, manifest),
  };
}

/** The same rows in fp32 with the two fp32 moments of Adam. */
export function fp32Bytes(config: Config, manifest: Manifest): number {
  const shape = datasetShape(manifest);
  const { firstOrder } = createModel(config, shape, 'training');
  const rows = vocabularyOffsets(shape)[shape.vocabularySizes.length];
  return 12 * rows * (config.model.dim + (firstOrder ? 1 : 0));
}

/** Headers, running statistics and the manifests of a run: far below it. */
const TENSOR_BYTES = 100_000;

/** Memory of the whole process. */
export function memoryNeeded({ memory, process }: Pick<TrainingNeeds, 'memory' | 'process'>): number {
  return memory.total + process;
}
