// The raw columns of a served model: which a request may name, and with which datatype its metadata asks for them.
import { columnsOf, inputColumnsOf, type Schema } from '../schema/schema.js';
import { crossParts, sourceColumn } from '../schema/transformation.js';
import { RowScanner } from './row-scanner.js';

/** What requests of a model are checked by. */
export interface ModelColumns {
  /** What it is asked with, in order. */
  inputs: readonly { name: string; datatype: 'BYTES' | 'INT64' | 'FP64' }[];
  /** Those, and the label, weight and group, which a row may carry and which say nothing to the model. */
  known: ReadonlySet<string>;
  scanner: RowScanner;
  /** The fields of the model, in their order (F). */
  fields: readonly string[];
}

export function modelColumns(schema: Schema): ModelColumns {
  const inputs = inputColumnsOf(schema);
  const known = new Set(columnsOf(schema));
  return {
    inputs: inputs.map((name) => ({ name, datatype: datatypeOf(schema, name) })),
    known,
    scanner: new RowScanner(inputs, known),
    fields: schema.fields.map(({ name }) => name),
  };
}

/** Text, unless all that is made of a column is made of a number. Any other datatype is taken as well (cells.ts). */
function datatypeOf({ fields, numbers = [] }: Schema, column: string): 'BYTES' | 'INT64' | 'FP64' {
  const uses = fields.flatMap(({ value }) => crossParts(value).filter((t) => sourceColumn(t) === column));
  const isSeconds = (t: (typeof uses)[number]) => t.kind === 'time' && t.format === 'unix-seconds';
  if (uses.some((t) => t.kind !== 'bucket' && !isSeconds(t))) return 'BYTES';
  const isNumber = numbers.some((number) => number.column === column);
  return !isNumber && uses.every(isSeconds) ? 'INT64' : 'FP64';
}
