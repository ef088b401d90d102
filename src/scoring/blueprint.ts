// From a configuration and the shape of a dataset to everything that is built from them: the method, the table's
// memory, the model's graph. Plain data in, so the main thread and every worker come to the same.

import type { Manifest } from '../data/manifest.js';
import { rowLayout, type Storage } from '../embedding/layout.js';
import type { Method, MethodSettings, MethodSpec } from '../embedding/method.js';
import { methods } from '../embedding/methods.js';
import { type Pairs, pairInitials, pairOffsets, pairsOf } from '../embedding/pairs.js';
import { MAX_SHARD_BYTES, type TableSpec } from '../embedding/shard.js';
import { UserError } from '../errors.js';
import { FULL_BITS } from '../kernels/header.js';
import type { Mode, Model, ModelShape, ModelSpec } from '../models/model.js';
import { models } from '../models/registry.js';
import { adam, adamDefaults } from '../optimizers/adam.js';
import type { Optimizer, OptimizerSpec } from '../optimizers/optimizer.js';
import { optimizers } from '../optimizers/registry.js';
import { stepTypes } from '../quantization/row-grid.js';
import type { Config } from '../runs/config.js';
import { configHotBits } from '../runs/config-method.js';
import type { NumberStatistics } from '../schema/number-input.js';
import type { Pooling } from '../schema/schema.js';
import type { BatchShape } from './batch-memory.js';
import type { LookupShape } from './graph-inputs.js';

/** What a model has to know of a dataset. */
export interface DatasetShape {
  /** Rows of each vocabulary, OOV included, by its number. */
  vocabularySizes: number[];
  /** Per field, the number of its vocabulary. */
  fieldVocabularies: number[];
  /** Per field, how its bags are pooled, null where it has one id in each row. Absent where no field is a bag. */
  poolings?: (Pooling | null)[] | undefined;
  /** Numeric inputs in their order, as they are standardised. Absent where there are none. */
  numbers?: NumberStatistics[] | undefined;
  /** Whether rows have a weight. */
  hasWeight?: boolean | undefined;
  /** Share of training's negatives that were kept, which scores are re-calibrated by. Absent where all were. */
  negativeSampling?: number | undefined;
  /** Per vocabulary, how many of its first rows are hot (hot-rows.ts). Only a configuration with hot rows reads it. */
  hotRows?: number[] | undefined;
}

/** The shape that a manifest describes. */
export function datasetShape(manifest: Manifest): DatasetShape {
  const number = new Map(manifest.vocabularies.map(({ name }, i) => [name, i]));
  const poolings = manifest.fields.map(({ bag }) => bag?.pooling ?? null);
  const negativeSampling = Number(manifest.options.negativeSampling ?? 1);
  return {
    vocabularySizes: manifest.vocabularies.map(({ size }) => size),
    fieldVocabularies: manifest.fields.map(({ vocabulary }) => number.get(vocabulary) ?? 0),
    ...(poolings.some((pooling) => pooling !== null) && { poolings }),
    ...(manifest.numbers && { numbers: manifest.numbers }),
    ...(manifest.hasWeight && { hasWeight: true }),
    ...(negativeSampling < 1 && { negativeSampling }),
  };
}

/** First row of every vocabulary, then V: of the embeddings; stored are others where these are pairs of rows. */
export function vocabularyOffsets({ vocabularySizes }: DatasetShape): number[] {
  const offsets = [0];
  for (const size of vocabularySizes) offsets.push(offsets[offsets.length - 1] + size);
  return offsets;
}

/** First row of every field's vocabulary (F). */
export function fieldOffsets(shape: DatasetShape): Uint32Array {
  const offsets = vocabularyOffsets(shape);
  return Uint32Array.from(shape.fieldVocabularies, (vocabulary) => offsets[vocabulary]);
}

/** Rows of every field's vocabulary (F), OOV among them. */
export function fieldSizes({ fieldVocabularies, vocabularySizes }: DatasetShape): number[] {
  return fieldVocabularies.map((vocabulary) => vocabularySizes[vocabulary]);
}

/** The rule of embedding rows, by `optimizer`. */
export function createRowOptimizer({ optimizer }: Config): Optimizer {
  const { name, learningRate: _rate, drops: _drops, weightDecay: _decay, ...own } = optimizer;
  const spec = optimizers[name] as OptimizerSpec<unknown>;
  return spec.create(own);
}

/** The rule of dense parameters: Adam as it stands, whatever the rows' rule. */
export function createDenseOptimizer(): Optimizer {
  return adam.create(adamDefaults);
}

/** The method of a configuration, with all its settings. */
export function createMethod(config: Config): Method {
  const { name, bits, rounding, stepType } = config.method;
  const hotBits = configHotBits(config);
  if (hotBits !== null && hotBits <= bits) {
    throw new UserError(
      `method.hotBits is ${hotBits}, but all rows have ${bits} bits (allowed: more than ${bits}, or null).`,
      undefined,
      2,
    );
  }
  const spec = methods[name] as MethodSpec<unknown>;
  const settings: MethodSettings<unknown> = {
    dim: config.model.dim,
    bits,
    hotBits,
    rounding,
    stepBytes: stepTypes[stepType],
    deviation: config.model.initialDeviation,
    optimizer: createRowOptimizer(config),
    learningRate: config.optimizer.learningRate,
    weightDecay: config.optimizer.weightDecay,
    options: config[name],
  };
  return spec.create(settings);
}

/** The model's graph for training or for scoring. */
export function createModel(config: Config, dataset: DatasetShape, mode: Mode): Model {
  const { name, dim, initialDeviation: _deviation, ...options } = config.model;
  const { fieldVocabularies, numbers, hasWeight, negativeSampling } = dataset;
  const shape: ModelShape = {
    fields: fieldVocabularies.length,
    dim,
    numbers: numbers?.length,
    hasWeight,
    negativeSampling,
  };
  return (models[name] as ModelSpec<unknown>).build(shape, options, mode);
}

/** What the batches of a data set are sized by. */
export function batchShape(
  { fieldVocabularies, numbers }: DatasetShape,
  /** The most rows, and with bags the most ids, of a batch. */
  batch: { batchRows: number; bagIds: number | null },
): BatchShape {
  return { ...batch, fields: fieldVocabularies.length, numbers: numbers?.length ?? 0 };
}

/** What their rows are looked up by. */
export function lookupShape(config: Config, dataset: DatasetShape): LookupShape {
  return {
    firstRows: fieldOffsets(dataset),
    isMean: dataset.fieldVocabularies.map((_, field) => dataset.poolings?.[field] === 'mean'),
    pairs: tablePairs(config, dataset),
  };
}

/** No state at all: what rows carry when they are only read. */
export const stateless: Optimizer = {
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
/** Name of the table that holds all features' first-order weights, where the model has them. */
export const FIRST_ORDER = 'first-order';

/** The rows of a table whose embeddings are made of two of them, else null. @throws UserError when none are saved */
export function tablePairs(config: Config, shape: DatasetShape): Pairs | null {
  const { lookups } = createMethod(config).storage;
  return lookups ? pairsOf(lookups, vocabularyOffsets(shape)[shape.vocabularySizes.length]) : null;
}

/** First row of each part of the table that has its own random numbers, then its rows: `TableSpec.offsets`. */
export function tableOffsets(config: Config, shape: DatasetShape): number[] {
  const pairs = tablePairs(config, shape);
  return pairs ? pairOffsets(pairs) : vocabularyOffsets(shape);
}

/** First row of each vocabulary, then V, in every table of a run, by the table's name. */
export function offsetsByTable(config: Config, shape: DatasetShape): ReadonlyMap<string, readonly number[]> {
  return new Map([
    [EMBEDDING, tableOffsets(config, shape)],
    [FIRST_ORDER, vocabularyOffsets(shape)],
  ]);
}

/** The one table that holds all fields' embeddings. */
export function embeddingSpec(config: Config, shape: DatasetShape, options: TableOptions): TableSpec {
  const { dim, initialDeviation } = config.model;
  const method = createMethod(config);
  const { hot } = method.storage;
  const pairs = tablePairs(config, shape);
  const [row, step] = options.isTraining
    ? [createRowOptimizer(config), method.stepOptimizer]
    : [stateless, stateless];
  return {
    name: EMBEDDING,
    number: 0,
    dim,
    offsets: tableOffsets(config, shape),
    storage: method.storage,
    layout: rowLayout(dim, method.storage, row, step),
    ...(hot && {
      hot: { rows: requireHotRows(shape), layout: rowLayout(dim, { ...method.storage, ...hot }, row, step) },
    }),
    seed: config.training.seed,
    ...(pairs ? pairInitials(pairs, initialDeviation) : { deviation: initialDeviation }),
    threads: options.threads,
    shardBytes: options.shardBytes ?? MAX_SHARD_BYTES,
  };
}

function requireHotRows({ vocabularySizes, hotRows }: DatasetShape): readonly number[] {
  if (hotRows?.length === vocabularySizes.length) return hotRows;
  throw new UserError(
    `The run does not say which rows are hot (${hotRows?.length ?? 0} of ${vocabularySizes.length} vocabularies).`,
  );
}

/**
 * The table of first-order weights: one fp32 number for each feature, however the embeddings are stored and looked up.
 * Null where the model has none. They begin at 0, so that a feature never seen in training has no say.
 */
export function firstOrderSpec(
  config: Config,
  shape: DatasetShape,
  { firstOrder }: Model,
  options: TableOptions,
): TableSpec | null {
  if (firstOrder === null) return null;
  const storage: Storage = { bits: FULL_BITS, tableStep: 1, hasRowStep: false };
  const optimizer = options.isTraining ? createRowOptimizer(config) : stateless;
  return {
    name: FIRST_ORDER,
    number: 1,
    dim: 1,
    offsets: vocabularyOffsets(shape),
    storage,
    layout: rowLayout(1, storage, optimizer, stateless),
    seed: config.training.seed,
    deviation: 0,
    threads: options.threads,
    shardBytes: options.shardBytes ?? MAX_SHARD_BYTES,
  };
}
