// The bytes of a variant: in training, as it is served, and those of fp32 with the same data, width and optimizer.
import { mostIdsOf } from '../data/bags.js';
import type { Manifest } from '../data/manifest.js';
import { isQuantized } from '../embedding/layout.js';
import { planShards, tableRows } from '../embedding/shard.js';
import { partBytes, recordParts } from '../embedding/table-records.js';
import type { VariantMemory } from '../reports/comparison.js';
import { type Config, configHotBits } from '../runs/config.js';
import {
  createMethod,
  createModel,
  type DatasetShape,
  datasetShape,
  embeddingSpec,
} from '../scoring/blueprint.js';
import { type MemoryReport, predictMemory } from '../training/memory.js';
import { trainingExchange } from '../training/trainer.js';

/** What a training will allocate. */
export function trainingMemory(config: Config, manifest: Manifest, threads: number): MemoryReport {
  const shape = predictedShape(config, manifest);
  const model = createModel(config, shape, 'training');
  const bagIds = mostIdsOf(manifest, config.training.batchSize);
  const exchange = trainingExchange(config, shape, model, threads, bagIds);
  return predictMemory(embeddingSpec(config, shape, { threads, isTraining: true }), model, exchange);
}

/** The numbers of a comparison's variant. */
export function variantMemory(config: Config, manifest: Manifest): VariantMemory {
  const { table, step, optimizer } = trainingMemory(config, manifest, 1);
  const full = trainingMemory({ ...config, method: { ...config.method, name: 'full' } }, manifest, 1);
  const inference = servedBytes(config, manifest);
  return {
    training: { table, step, optimizer },
    inference,
    full: { table: full.table, optimizer: full.optimizer },
    ratios: {
      trainingTable: full.table / (table + step),
      trainingWithOptimizer: (full.table + full.optimizer) / (table + step + optimizer),
      inference: full.table / inference,
    },
  };
}

/**
 * With as many hot rows as there will be, all in front: which they are takes the data's counts, and changes no more than
 * some alignment.
 */
function predictedShape(config: Config, manifest: Manifest): DatasetShape {
  const shape = datasetShape(manifest);
  if (configHotBits(config) === null) return shape;
  let left = Math.round(config.method.hotShare * shape.vocabularySizes.reduce((sum, size) => sum + size, 0));
  const hotRows = shape.vocabularySizes.map((size) => {
    const hot = Math.min(size, left);
    left -= hot;
    return hot;
  });
  return { ...shape, hotRows };
}

/** Bytes of the table in a model that is served: codes and steps, or what the method says. */
function servedBytes(config: Config, manifest: Manifest): number {
  const spec = embeddingSpec(config, predictedShape(config, manifest), { threads: 1, isTraining: false });
  const { servedRowBytes } = createMethod(config);
  const plans = planShards(spec);
  const stored = recordParts.reduce((sum, part) => sum + partBytes({ spec, plans }, part), 0);
  const { bits, view, hasRowStep } = spec.storage;
  const sharesStep = !hasRowStep && (isQuantized(bits) || view?.kind === 'grid');
  const served = servedRowBytes === undefined ? stored : Math.round(servedRowBytes * tableRows(spec));
  return served + (sharesStep ? 4 : 0) + (sharesStep && spec.hot ? 4 : 0);
}
