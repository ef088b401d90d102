// Every model of the registry in a small size, for the suites that all models run. A model enters by being registered:
// lists of layers become short, dropout and batch normalization are on, and only what an option chooses between is
// told here by name.
import { z } from 'zod';
import { type ModelName, modelNames, models } from '../src/models/registry.js';

/** An option set that makes another network of a model, beside its defaults. */
const furtherOptions: Partial<Record<ModelName, Record<string, unknown>[]>> = {
  'dcn-v2': [{ rank: 2 }, { structure: 'stacked' }, { rank: 2, structure: 'stacked' }],
};

export interface ModelVariant {
  name: ModelName;
  /** Whole: with every option of the model. */
  options: Record<string, unknown>;
  /** The name, and what differs from the defaults. */
  title: string;
  isDefault: boolean;
}

export const modelVariants: ModelVariant[] = modelNames.flatMap((name) =>
  [{}, ...(furtherOptions[name] ?? [])].map((further) => ({
    name,
    options: { ...small(name), ...further },
    title: [name, ...Object.entries(further).map(([key, value]) => `${key}=${value}`)].join(' '),
    isDefault: Object.keys(further).length === 0,
  })),
);

function small(name: ModelName): Record<string, unknown> {
  const defaults = Object.entries(models[name].options(z).parse({}));
  return Object.fromEntries(
    defaults.map(([key, value]) => {
      if (Array.isArray(value)) return [key, [8, 6]];
      if (key === 'dropout') return [key, 0.25];
      return [key, key === 'batchNorm' ? true : value];
    }),
  );
}
