// The configuration of a run: one strict schema, put together from the registries, so that an option exists as
// soon as its method, model or optimizer does, and a typo is an error that lists what exists.
import { z } from 'zod';
import type { MethodSpec } from '../embedding/method.js';
import { type MethodName, methodNames, methods } from '../embedding/methods.js';
import { models } from '../models/registry.js';
import { optimizers } from '../optimizers/registry.js';
import type { OptionsOf, Zod } from '../options.js';
import { codeBits } from '../quantization/grid.js';
import { stepTypeNames } from '../quantization/row-grid.js';

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
  /** Where a rule has no default of its own. */
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

/** What `model`, or `optimizer`, can be: one strict object for each name in the registry, with the keys all have. */
type Choice<
  Specs extends Record<string, { options: (z: Zod) => z.ZodObject }>,
  Base extends z.ZodRawShape,
> = {
  [Name in keyof Specs & string]: { name: Name } & z.output<z.ZodObject<Base>> &
    OptionsOf<Specs[Name]['options']>;
}[keyof Specs & string];

function choice<
  Specs extends Record<string, { options: (z: Zod) => z.ZodObject; defaultRate?: number }>,
  Base extends z.ZodRawShape,
>(specs: Specs, base: Base): z.ZodType<Choice<Specs, Base>> {
  const members = Object.entries(specs).map(([name, { options, defaultRate }]) => {
    const own = defaultRate === undefined ? {} : { learningRate: rate.default(defaultRate) };
    return z.strictObject({ name: z.literal(name), ...base, ...own, ...options(z).shape });
  });
  const [first, ...rest] = members;
  // A list made by mapping has lost which name goes with which options; the type says it again.
  return z.discriminatedUnion('name', [first, ...rest]) as unknown as z.ZodType<Choice<Specs, Base>>;
}

/** The options of every method, under its name; `fromEntries` forgets which is whose, so the type says it. */
const methodSections = Object.fromEntries(
  Object.entries(methods).map(([name, { options }]) => [name, (options(z) as z.ZodObject).prefault({})]),
) as unknown as { [Name in MethodName]: z.ZodPrefault<ReturnType<(typeof methods)[Name]['options']>> };

export const configSchema = z.strictObject({
  model: z.preprocess(named('dcn'), choice(models, modelBase)),
  method: z.preprocess(
    withWidth,
    z.strictObject({
      name: z.enum(methodNames).default('alpt'),
      bits: z
        .union(codeBits.map((bits) => z.literal(bits)))
        .default(8)
        .describe('Width of a code; no meaning for methods without one.'),
      rounding: z.enum(['stochastic', 'deterministic']).default('stochastic'),
      /** Width of the rows that training sees most; null: as all others. */
      hotBits: z
        .union([z.literal(8), z.literal(16)])
        .nullable()
        .default(null),
      /** Share of the table's rows that are these. */
      hotShare: z.number().min(0).max(1).default(0.05),
      stepType: z
        .enum(stepTypeNames)
        .default('fp32')
        .describe("Of each row's step, and bias; no meaning for methods without one."),
    }),
  ),
  /** The rule of embedding rows. */
  optimizer: z.preprocess(named('adam'), choice(optimizers, optimizerBase)),
  /** Adam of the dense network. */
  dense: z
    .strictObject({
      /** null: the rows'. */
      learningRate: rate.nullable().default(1e-3),
      weightDecay: z.number().min(0).default(0),
    })
    .prefault({}),
  ...methodSections,
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

/** Fills in the name of a section that leaves it out, so that `{ dim: 8 }` alone is a model. */
function named(name: string) {
  return (section: unknown) =>
    section === undefined || (typeof section === 'object' && section !== null && !Array.isArray(section))
      ? { name, ...section }
      : section;
}

/** Fills in the width of a method whose default is another. */
function withWidth(section: unknown) {
  if (section === undefined) return {};
  if (typeof section !== 'object' || section === null || !('name' in section)) return section;
  const name = methodNames.find((known) => known === section.name);
  const { defaultBits } = name ? (methods[name] as MethodSpec<unknown>) : {};
  return defaultBits === undefined ? section : { bits: defaultBits, ...section };
}
