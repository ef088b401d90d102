// From a configuration and the shape of a dataset to everything that is built from them: the method, the table's
// memory, the model's graph. Plain data in, so the main thread and every worker come to the same.

import type { Manifest } from '../data/manifest.js';
import { rowLayout } from '../embedding/layout.js';
import type { Method, MethodSettings, MethodSpec } from '../embedding/method.js';
import { methods } from '../embedding/methods.js';
import { MAX_SHARD_BYTES, type TableSpec } from '../embedding/shard.js';
import type { Mode, Model, ModelShape } from '../models/model.js';
import { models } from '../models/registry.js';
import { adam } from '../optimizers/adam.js';
import type { Optimizer, OptimizerSpec } from '../optimizers/optimizer.js';
import { optimizers } from '../optimizers/registry.js';
import type { Config } from '../runs/config.js';

/** What a model has to know of a dataset. */
export interface DatasetShape {
  /** Rows of each vocabulary, OOV included, by its number. */
  vocabularySizes: number[];
  /** Per field, the number of its vocabulary. */
  fieldVocabularies: number[];
}

/** The shape that a manifest describes. */
export function datasetShape(manifest: Manifest): DatasetShape {
  const number = new Map(manifest.vocabularies.map(({ name }, i) => [name, i]));
  return {
    vocabularySizes: manifest.vocabularies.map(({ size }) => size),
    fieldVocabularies: manifest.fields.map(({ vocabulary }) => number.get(vocabulary) ?? 0),
  };
}

/** First table row of every vocabulary, then V. */
export function vocabularyOffsets({ vocabularySizes }: DatasetShape): number[] {
  const offsets = [0];
  for (const size of vocabularySizes) offsets.push(offsets[offsets.length - 1] + size);
  return offsets;
}

/** First table row of every field's vocabulary (F). */
export function fieldOffsets(shape: DatasetShape): Uint32Array {
  const offsets = vocabularyOffsets(shape);
  return Uint32Array.from(shape.fieldVocabularies, (vocabulary) => offsets[vocabulary]);
}

/** The rule of embedding rows, by `optimizer`. */
export function createRowOptimizer({ optimizer }: Config): Optimizer {
  const { name, learningRate: _rate, drops: _drops, weightDecay: _decay, ...own } = optimizer;
  const spec = optimizers[name] as OptimizerSpec<unknown>;
  return spec.create(spec.options.parse(own));
}

/** The rule of dense parameters: Adam as it stands, whatever the rows' rule. */
export function createDenseOptimizer(): Optimizer {
  return adam.create(adam.options.parse({}));
}

/** The method of a configuration, with all its settings. */
export function createMethod(config: Config): Method {
  const { name, bits, rounding } = config.method;
  const spec = methods[name] as MethodSpec<unknown>;
  const settings: MethodSettings<unknown> = {
    dim: config.model.dim,
    bits,
    rounding,
    deviation: config.model.initialDeviation,
    optimizer: createRowOptimizer(config),
    learningRate: config.optimizer.learningRate,
    weightDecay: config.optimizer.weightDecay,
    options: config[name],
  };
  return spec.create(settings);
}

/** The model's graph for training or for scoring. */
export function createModel(config: Config, { fieldVocabularies }: DatasetShape, mode: Mode): Model {
  const { name, dim, initialDeviation: _deviation, ...options } = config.model;
  const shape: ModelShape = { fields: fieldVocabularies.length, dim };
  return models[name].build(shape, options, mode);
}

/** No state at all: what rows carry when they are only read. */
const stateless: Optimizer = {
  name: 'none',
  stateBytes: () => 0,
  change() {
    throw new Error('A table opened for reading was asked for an update.');
  },
};

/** What a table depends on beside configuration and data set. */
export interface TableOptions {
  threads: number;
  /** With optimizer state in the records, or without. */
  isTraining: boolean;
  /** Smaller than 2 GiB only in tests. */
  shardBytes?: number;
}

/** Name of the table that holds all fields' embeddings. */
export const EMBEDDING = 'embedding';

/** The one table that holds all fields' embeddings. */
export function embeddingSpec(config: Config, shape: DatasetShape, options: TableOptions): TableSpec {
  const { dim, initialDeviation } = config.model;
  const method = createMethod(config);
  const [row, step] = options.isTraining
    ? [createRowOptimizer(config), method.stepOptimizer]
    : [stateless, stateless];
  return {
    name: EMBEDDING,
    number: 0,
    dim,
    offsets: vocabularyOffsets(shape),
    storage: method.storage,
    layout: rowLayout(dim, method.storage, row, step),
    seed: config.training.seed,
    deviation: initialDeviation,
    threads: options.threads,
    shardBytes: options.shardBytes ?? MAX_SHARD_BYTES,
  };
}
