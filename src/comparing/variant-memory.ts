// The bytes of a variant: in training, as it is served, and those of fp32 with the same data, width and optimizer.
import type { Manifest } from '../data/manifest.js';
import { isQuantized } from '../embedding/layout.js';
import { tableRows } from '../embedding/shard.js';
import type { VariantMemory } from '../reports/comparison.js';
import type { Config } from '../runs/config.js';
import {
  createMethod,
  createModel,
  datasetShape,
  embeddingSpec,
  firstOrderSpec,
} from '../scoring/blueprint.js';
import { trainingMemory } from '../training/training-memory.js';

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

/** Bytes of the tables in a model that is served: codes and steps, or what the method says, and first-order weights. */
function servedBytes(config: Config, manifest: Manifest): number {
  const shape = datasetShape(manifest);
  const options = { threads: 1, isTraining: false };
  const spec = embeddingSpec(config, shape, options);
  const weights = firstOrderSpec(config, shape, createModel(config, shape, 'scoring'), options);
  const { stateOffset } = spec.layout;
  const rowBytes = createMethod(config).servedRowBytes ?? stateOffset;
  const { bits, view, hasRowStep } = spec.storage;
  const sharesStep = !hasRowStep && (isQuantized(bits) || view?.kind === 'grid');
  const weightBytes = weights ? weights.layout.recordBytes * tableRows(weights) : 0;
  return Math.round(rowBytes * tableRows(spec)) + (sharesStep ? 4 : 0) + weightBytes;
}
