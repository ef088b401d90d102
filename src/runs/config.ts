// The configuration of a run: one strict schema, put together from the registries, so that an option exists as
// soon as its method, model or optimizer does, and a typo is an error that lists what exists.
import { z } from 'zod';
import { methodNames, methods } from '../embedding/methods.js';
import { modelNames, models } from '../models/registry.js';
import { optimizerNames, optimizers } from '../optimizers/registry.js';
import { type CodeBits, codeBits } from '../quantization/grid.js';

const rate = z.number().positive();

/** Keys every model has beside its own. */
const modelBase = {
  /** D. */
  dim: z.int().min(1).max(1024).default(16),
  /** Standard deviation of a row's initial values. */
  initialDeviation: z.number().positive().default(0.003),
};

/** Keys every row optimizer has beside its own. */
const optimizerBase = {
  learningRate: rate.default(1e-3),
  /** Multiplies every rate by `factor` after each of these epochs. */
  drops: z
    .strictObject({
      afterEpochs: z.array(z.int().min(1)).default([]),
      factor: z.number().positive().lt(1).default(0.1),
    })
    .prefault({}),
  /** λ: λ·value is added to the gradient of rows in the batch. */
  weightDecay: z.number().min(0).default(0),
};

const modelSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('dcn'), ...modelBase, ...models.dcn.options.shape }),
]);

const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('adam'), ...optimizerBase, ...optimizers.adam.options.shape }),
  z.strictObject({
    name: z.literal('rowwise-adagrad'),
    ...optimizerBase,
    ...optimizers['rowwise-adagrad'].options.shape,
  }),
]);

/** A whole configuration. `parse({})` gives the defaults, whose sources are in docs/defaults.md. */
export const configSchema = z.strictObject({
  model: z.preprocess(named('dcn'), modelSchema),
  method: z
    .strictObject({
      name: z.enum(methodNames).default('alpt'),
      bits: z
        .union(codeBits.map((bits) => z.literal(bits)))
        .default(8)
        .describe('Width of a code; no meaning for methods without one.'),
      rounding: z.enum(['stochastic', 'deterministic']).default('stochastic'),
    })
    .prefault({}),
  /** The rule of embedding rows. */
  optimizer: z.preprocess(named('adam'), optimizerSchema),
  /** Adam of the dense network; its rate is the rows' unless given. */
  dense: z
    .strictObject({
      learningRate: rate.nullable().default(null),
      weightDecay: z.number().min(0).default(0),
    })
    .prefault({}),
  full: methods.full.options.prefault({}),
  lpt: methods.lpt.options.prefault({}),
  alpt: methods.alpt.options.prefault({}),
  training: z
    .strictObject({
      epochs: z.int().min(1).default(15),
      batchSize: z.int().min(1).max(1_000_000).default(4096),
      /** The most rows of a micro-batch. */
      microBatch: z.int().min(16).max(65536).default(2000),
      /** Epochs without a better validation AUC after which training ends. */
      patience: z.int().min(1).default(2),
      seed: z.int().min(0).default(1),
    })
    .prefault({}),
});
export type Config = z.infer<typeof configSchema>;
export type OptimizerConfig = Config['optimizer'];

/** Fills in the name of a section that leaves it out, so that `{ dim: 8 }` alone is a model. */
function named(name: string) {
  return (section: unknown) =>
    section === undefined || (typeof section === 'object' && section !== null && !Array.isArray(section))
      ? { name, ...section }
      : section;
}

export { methodNames, modelNames, optimizerNames };

/** Width of the stored codes, for methods that have one. */
export function configBits(config: Config): CodeBits | null {
  return methods[config.method.name].isQuantized ? config.method.bits : null;
}
