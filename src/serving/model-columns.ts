// The raw columns of a served model: which a request may name, and with which datatype its metadata asks for them.
import { columnsOf, inputColumnsOf, type Schema } from '../schema/schema.js';
import { crossParts, sourceColumn } from '../schema/transformation.js';
import { idSchema } from '../scoring/id-encoder.js';
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

/** @param takesIds whether rows have ids, by field, instead of values */
export function modelColumns(schema: Schema, takesIds = false): ModelColumns {
  return takesIds ? columnsFor(idSchema(schema), idDatatype) : columnsFor(schema, datatypeOf);
}

function columnsFor(schema: Schema, datatype: typeof datatypeOf): ModelColumns {
  const inputs = inputColumnsOf(schema);
  const known = new Set(columnsOf(schema));
  return {
    inputs: inputs.map((name) => ({ name, datatype: datatype(schema, name) })),
    known,
    scanner: new RowScanner(inputs, known),
    fields: schema.fields.map(({ name }) => name),
  };
}

/** Of rows of ids. */
function idDatatype({ fields }: Schema, column: string): 'INT64' | 'FP64' {
  return fields.some(({ name }) => name === column) ? 'INT64' : 'FP64';
}

/** Text, unless all that is made of a column is made of a number. Any other datatype is taken as well (cells.ts). */
function datatypeOf({ fields, numbers = [] }: Schema, column: string): 'BYTES' | 'INT64' | 'FP64' {
  const uses = fields.flatMap(({ value }) => crossParts(value).filter((t) => sourceColumn(t) === column));
  const isSeconds = (t: (typeof uses)[number]) => t.kind === 'time' && t.format === 'unix-seconds';
  if (uses.some((t) => t.kind !== 'bucket' && !isSeconds(t))) return 'BYTES';
  const isNumber = numbers.some((number) => number.column === column);
  return !isNumber && uses.every(isSeconds) ? 'INT64' : 'FP64';
}
