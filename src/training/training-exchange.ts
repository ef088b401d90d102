// What a training's threads exchange, in sizes: from a configuration and the shape of a data set.
import { DENSE_BLOCK, denseLayout } from '../models/dense.js';
import type { Model } from '../models/model.js';
import type { Config } from '../runs/config.js';
import { batchShape, createDenseOptimizer, type DatasetShape, tablePairs } from '../scoring/blueprint.js';
import type { ExchangeShape } from './exchange-layout.js';

/** Sizes of the exchange that a training needs. */
export function trainingExchange(
  config: Config,
  shape: DatasetShape,
  model: Model,
  threads: number,
  /** The most ids of a batch where a field is a bag. */
  bagIds: number | null = null,
): ExchangeShape {
  const denseLength = denseLayout(model).length;
  return {
    ...batchShape(shape, { batchRows: config.training.batchSize, bagIds }),
    microRows: config.training.microBatch,
    dim: config.model.dim,
    hasWeight: shape.hasWeight ?? false,
    hasFirstOrder: model.firstOrder !== null,
    pairs: tablePairs(config, shape),
    threads,
    denseLength,
    denseStateBytes: (denseLength / DENSE_BLOCK) * createDenseOptimizer().stateBytes(DENSE_BLOCK),
    statistics: model.statistics.reduce((sum, { width }) => sum + width, 0),
    maskColumns: model.dropouts.reduce((most, { width }) => Math.max(most, width), 0),
  };
}
