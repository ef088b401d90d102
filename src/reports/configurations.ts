// How to repeat a comparison: every configuration, what makes it another one than the first, and the commands.
import { stringify } from 'yaml';
import type { Comparison, Variant } from './comparison.js';
import type { Block } from './content.js';

/** Text of a configuration by path: `method.bits` → `8`. Lists are one value. */
function leaves(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      leaves(inner, path === '' ? key : `${path}.${key}`),
    );
  }
  return [[path, JSON.stringify(value) ?? 'null']];
}

/**
 * What differs, a line for each path, with the first variant's value as a comment; in the order of the configuration.
 *
 * @example differingLines({ method: { bits: 4 } }, { method: { bits: 8 } }) // ['method.bits: 4  # first: 8']
 */
export function differingLines(config: Record<string, unknown>, first: Record<string, unknown>): string[] {
  const own = new Map(leaves(config));
  const other = new Map(leaves(first));
  return [...new Set([...own.keys(), ...other.keys()])]
    .filter((path) => own.get(path) !== other.get(path))
    .map((path) => `${path}: ${own.get(path) ?? '(none)'}  # first: ${other.get(path) ?? '(none)'}`);
}

export function configurations({ variants }: Comparison): Block[] {
  return variants.flatMap((variant, i) => [
    { kind: 'heading' as const, level: 3 as const, text: variant.name },
    ...describe(variant, i === 0 ? null : variants[0]),
    {
      kind: 'details' as const,
      summary: 'The whole configuration',
      blocks: [{ kind: 'code' as const, language: 'yaml', text: stringify(variant.config) }],
    },
  ]);
}

function describe({ config, command, derivedFrom }: Variant, first: Variant | null): Block[] {
  const lines = first ? differingLines(config, first.config) : [];
  const origin: Block[] = derivedFrom
    ? [
        {
          kind: 'paragraph',
          text: ['Made after training from the runs of ', { code: derivedFrom }, '; it has none of its own.'],
        },
      ]
    : [];
  const difference: Block = first
    ? lines.length > 0
      ? { kind: 'code', language: 'yaml', text: lines.join('\n') }
      : { kind: 'paragraph', text: 'No option differs from the first variant.' }
    : { kind: 'paragraph', text: 'What all others are compared to.' };
  const repeat: Block[] = command ? [{ kind: 'code', language: 'sh', text: command }] : [];
  return [...origin, difference, ...repeat];
}
