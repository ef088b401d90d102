// What a model wants to be asked with: the raw columns of its schema, what each must hold, and the fields made of it.
import type { Schema } from '../schema/schema.js';
import { crossParts, sourceColumn, type Transformation, timeFormats } from '../schema/transformation.js';

/** A raw column that a model reads. */
export interface ModelInput {
  column: string;
  /** What a cell must hold, in words, such as `a number or nothing`. */
  expected: string;
  /** Names of the fields that are made of it. */
  fields: string[];
}

/** The columns of a schema's fields, in the order in which they first occur. The label's is not asked for. */
export function modelInputs(schema: Pick<Schema, 'fields'>): ModelInput[] {
  const inputs = new Map<string, { expected: Set<string>; fields: Set<string> }>();
  for (const { name, value } of schema.fields) {
    for (const part of crossParts(value)) {
      const column = sourceColumn(part);
      const input = inputs.get(column) ?? { expected: new Set(), fields: new Set() };
      inputs.set(column, input);
      input.fields.add(name);
      input.expected.add(expectedOf(part));
    }
  }
  return [...inputs].map(([column, { expected, fields }]) => ({
    column,
    // Any text will do where something narrower is asked for as well.
    expected:
      [...expected].filter((words) => expected.size === 1 || words !== anyText).join(', and ') || anyText,
    fields: [...fields],
  }));
}

const anyText = 'a text or nothing';

function expectedOf(t: Exclude<Transformation, { kind: 'cross' }>): string {
  if (t.kind === 'bucket') return 'a number or nothing';
  if (t.kind === 'time') return `${timeFormats[t.format]}, or nothing`;
  return anyText;
}
