// What a model wants to be asked with: the raw columns of its schema, what each must hold, and the fields made of it.
import type { Schema } from '../schema/schema.js';
import { crossParts, sourceColumn, type Transformation, timeFormats } from '../schema/transformation.js';

/** A raw column that a model reads. */
export interface ModelInput {
  column: string;
  /** What a cell must hold, in words, such as `a number or nothing`. */
  expected: string;
  /** Names of the fields and numbers that are made of it. */
  fields: string[];
}

/** The columns of a schema's fields and numbers, in the order in which they first occur. Label, weight and group are not
 * asked for. */
export function modelInputs(schema: Pick<Schema, 'fields' | 'numbers'>): ModelInput[] {
  const inputs = new Map<string, { expected: Set<string>; fields: Set<string> }>();
  const add = (column: string, name: string, expected: string) => {
    const input = inputs.get(column) ?? { expected: new Set(), fields: new Set() };
    inputs.set(column, input);
    input.fields.add(name);
    input.expected.add(expected);
  };
  for (const { name, value } of schema.fields) {
    for (const part of crossParts(value)) add(sourceColumn(part), name, expectedOf(part));
  }
  for (const { name, column } of schema.numbers ?? []) add(column, name, aNumber);
  return [...inputs].map(([column, { expected, fields }]) => ({
    column,
    // Any text will do where something narrower is asked for as well.
    expected:
      [...expected].filter((words) => expected.size === 1 || words !== anyText).join(', and ') || anyText,
    fields: [...fields],
  }));
}

const anyText = 'a text or nothing';
const aNumber = 'a number or nothing';

function expectedOf(t: Exclude<Transformation, { kind: 'cross' }>): string {
  if (t.kind === 'bucket') return aNumber;
  if (t.kind === 'time') return `${timeFormats[t.format]}, or nothing`;
  return anyText;
}
