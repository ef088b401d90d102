// What becomes of `model: { name: dcn, crossLayers: 4 }` when a later layer chooses another model: options that the one
// has and the other has not, or takes no such value of, are left out, since whoever wrote them spoke of the one; the
// others stay. A layer that names no model speaks of the chosen one, and what that does not know is a mistake. The same
// for `optimizer`.
import { z } from 'zod';
import { models } from '../models/registry.js';
import { optimizers } from '../optimizers/registry.js';
import type { Zod } from '../options.js';
import type { ConfigLayer, PartialConfig } from './resolve-config.js';

/** Sections that are named by what they choose, and the options of each choice. */
const sections = {
  model: shapesOf(models),
  optimizer: shapesOf(optimizers),
};
type Section = keyof typeof sections;
const sectionNames = Object.keys(sections) as Section[];

/** Options of a layer that mean nothing to what was chosen after it. */
export interface LeftOut {
  /** Where they stood, as `ConfigLayer.source` says. */
  source: string | undefined;
  section: Section;
  /** What the layer speaks of, and what was chosen. */
  name: string;
  chosen: string;
  options: string[];
}

/** The layers without options that mean nothing any more, and what these are. */
export function withoutRenamed(layers: readonly ConfigLayer[]): {
  layers: ConfigLayer[];
  leftOut: LeftOut[];
} {
  const leftOut: LeftOut[] = [];
  const kept = layers.map((layer) => {
    const values: PartialConfig = { ...layer.values };
    for (const section of sectionNames) {
      const said = optionsIn(values, section);
      const name = said?.name;
      const chosen = layers
        .map((one) => optionsIn(one.values, section)?.name)
        .findLast((one) => one !== undefined);
      if (typeof name !== 'string' || typeof chosen !== 'string' || name === chosen) continue;
      const [own, other] = [sections[section][name], sections[section][chosen]];
      if (!own || !other) continue;
      const options = Object.keys(said ?? {}).filter((key) =>
        other[key] ? accepts(own[key], said?.[key]) && !accepts(other[key], said?.[key]) : own[key],
      );
      if (options.length === 0) continue;
      leftOut.push({ source: layer.source, section, name, chosen, options });
      values[section] = Object.fromEntries(
        Object.entries(said ?? {}).filter(([key]) => !options.includes(key)),
      );
    }
    return { ...layer, values };
  });
  return { layers: kept, leftOut };
}

/** For an unknown option of a section: which choices have it, in words; undefined where none does. */
export function whoHas(path: readonly PropertyKey[]): string | undefined {
  const section = sectionNames.find((one) => one === path[0]);
  if (section === undefined || path.length !== 2) return undefined;
  const names = Object.entries(sections[section]).flatMap(([name, shape]) =>
    shape?.[String(path[1])] ? [name] : [],
  );
  return names.length > 0 ? `${String(path[1])} is an option of ${names.join(', ')}` : undefined;
}

/** Options that a section has whatever it chooses are not here, and taken as fitting. */
function accepts(option: z.ZodType | undefined, value: unknown): boolean {
  return option?.safeParse(value).success ?? true;
}

type Shapes = { [name: string]: { [option: string]: z.ZodType | undefined } | undefined };

function shapesOf(registry: Record<string, { options: (z: Zod) => z.ZodObject }>): Shapes {
  return Object.fromEntries(
    Object.entries(registry).map(([name, { options }]) => [
      name,
      options(z).shape as Record<string, z.ZodType>,
    ]),
  );
}

function optionsIn(values: PartialConfig, section: Section): PartialConfig | undefined {
  const said = values[section];
  return typeof said === 'object' && said !== null && !Array.isArray(said)
    ? (said as PartialConfig)
    : undefined;
}
