// What a data set is: its label and its fields, as plain data that can be stored, compared and hashed.
// How raw files are read is no part of it (data/datasets), nor how many values are kept (options of prepare).
import * as z from 'zod';
import { UserError } from '../errors.js';
import { parseComparison } from './comparison.js';
import { crossParts, isList, sourceColumn, transformation } from './transformation.js';

/** Names become column and file names, so they are kept to characters that are safe in both. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, {
  error: 'a name starts with a letter and goes on with letters, digits, _ . or -',
});

const field = z.strictObject({
  name: name.refine((n) => n !== 'label', { error: "'label' is the label's column" }),
  /** Fields that name the same vocabulary share their ids. By default each has its own, of the field's name. */
  vocabulary: name.optional(),
  /** Overrides the threshold of the whole data set: 1 keeps every value. */
  minCount: z.int().min(1).optional(),
  value: transformation,
});

export const schemaSchema = z
  .strictObject({
    /** A closed comparison, see comparison.ts. */
    label: z.string().refine(isComparison, { error: "a comparison such as 'delay > 15'" }),
    fields: z.array(field).min(1),
  })
  .superRefine((schema, context) => {
    const seen = new Set<string>();
    for (const { name } of schema.fields) {
      // Case counts for nothing in SQL column names and in some file systems.
      if (seen.has(name.toLowerCase())) context.addIssue(`two fields are named '${name}'`);
      seen.add(name.toLowerCase());
    }
  });
export type Schema = z.infer<typeof schemaSchema>;
export type Field = Schema['fields'][number];

/** Checks a schema that came from outside. @throws UserError naming the place that is wrong. */
export function parseSchema(value: unknown): Schema {
  const result = schemaSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw new UserError(`The schema is wrong${place}: ${issue?.message}.`);
}

function isComparison(text: string): boolean {
  try {
    parseComparison(text);
    return true;
  } catch {
    return false;
  }
}

/** The name of the vocabulary that a field's ids belong to. */
export function vocabularyOf(field: Field): string {
  return field.vocabulary ?? field.name;
}

/** Every raw column that a schema reads, label first, each once. */
export function columnsOf(schema: Schema): string[] {
  const ofFields = schema.fields.flatMap((f) => crossParts(f.value).map(sourceColumn));
  return [...new Set([parseComparison(schema.label).column, ...ofFields])];
}

/** Names of the fields that hold a list of values per row. */
export function listFields(schema: Schema): string[] {
  return schema.fields.filter((f) => isList(f.value)).map((f) => f.name);
}
