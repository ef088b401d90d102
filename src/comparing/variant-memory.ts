// The bytes of a variant: in training, as it is served, and those of fp32 with the same data, width and optimizer.
import type { Manifest } from '../data/manifest.js';
import { isQuantized } from '../embedding/layout.js';
import { planShards, tableRows } from '../embedding/shard.js';
import { partBytes, recordParts } from '../embedding/table-records.js';
import type { VariantMemory } from '../reports/comparison.js';
import type { Config } from '../runs/config.js';
import { createMethod, createModel, embeddingSpec, firstOrderSpec } from '../scoring/blueprint.js';
import { expectedShape } from '../scoring/hot-rows.js';
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
  const shape = expectedShape(config, manifest);
  const options = { threads: 1, isTraining: false };
  const spec = embeddingSpec(config, shape, options);
  const weights = firstOrderSpec(config, shape, createModel(config, shape, 'scoring'), options);
  const { servedRowBytes } = createMethod(config);
  const plans = planShards(spec);
  const stored = recordParts.reduce((sum, part) => sum + partBytes({ spec, plans }, part), 0);
  const { bits, view, hasRowStep } = spec.storage;
  const sharesStep = !hasRowStep && (isQuantized(bits) || view?.kind === 'grid');
  const sharedSteps = sharesStep ? (spec.hot ? 2 : 1) : 0;
  const served = servedRowBytes === undefined ? stored : Math.round(servedRowBytes * tableRows(spec));
  const weightBytes = weights ? weights.layout.recordBytes * tableRows(weights) : 0;
  return served + 4 * sharedSteps + weightBytes;
}
