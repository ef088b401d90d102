// What a data set is: its label, its fields, and what else a row may carry (numbers, a weight, a group), as plain data
// that can be stored, compared and hashed. How raw files are read is no part of it (data/datasets), nor how many values
// are kept (options of prepare).
import * as z from 'zod';
import { UserError } from '../errors.js';
import { parseComparison } from './comparison.js';
import { numberTransforms } from './number-input.js';
import { crossParts, isList, sourceColumn, transformation } from './transformation.js';

/** Names become column and file names, so they are kept to characters that are safe in both. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, {
  error: 'a name starts with a letter and goes on with letters, digits, _ . or -',
});

const columnName = z.string().min(1);

/** How the vectors of a bag become one: their mean (the default), or their sum. */
export const poolings = ['mean', 'sum'] as const;
export type Pooling = (typeof poolings)[number];

const field = z
  .strictObject({
    name: name.refine((n) => n.toLowerCase() !== 'label', { error: "'label' is the label's column" }),
    /** Fields that name the same vocabulary share their ids, and so their rows. By default each has its own, of the
     * field's name. */
    vocabulary: name.optional(),
    /** Overrides the threshold of the whole data set: 1 keeps every value. */
    minCount: z.int().min(1).optional(),
    value: transformation,
    /** Only for a list of values, which makes a bag: the vectors of its elements become one by `mean` (default) or
     * `sum`. An element that occurs twice counts twice, one that is OOV counts as OOV. */
    pooling: z.literal(poolings).optional(),
  })
  .refine((f) => f.pooling === undefined || isList(f.value), {
    path: ['pooling'],
    error: 'a field with one value in each row is not pooled (only a list is, such as a split)',
  });

const numberInput = z.strictObject({
  name,
  /** Holds a number or nothing. Nothing, and only that, counts as the mean. */
  column: columnName,
  /** `log`: sign(x) · ln(1 + |x|), for counts and amounts with a long tail. */
  transform: z.literal(numberTransforms).optional(),
});

/** Columns of an encoded split, beside `label`, fields and numbers. No field may have their names while they are there. */
export const rowColumns = { weight: 'weight', group: 'group' } as const;

export const schemaSchema = z
  .strictObject({
    /** A closed comparison, see comparison.ts. */
    label: z.string().refine(isComparison, { error: "a comparison such as 'delay > 15'" }),
    fields: z.array(field).min(1),
    /** Numeric inputs, which enter the network as they are, beside the embeddings: standardised over the rows of
     * training, see number-input.ts. */
    numbers: z.array(numberInput).min(1).optional(),
    /** A column with the weight of each row, a positive number: in the loss and in the metrics. */
    weight: columnName.optional(),
    /** A column that groups rows, such as a user or a session, for metrics within groups. The network never sees it. */
    group: columnName.optional(),
  })
  .superRefine((schema, context) => {
    const seen = new Set<string>();
    if (schema.weight !== undefined) seen.add(rowColumns.weight);
    if (schema.group !== undefined) seen.add(rowColumns.group);
    for (const list of ['fields', 'numbers'] as const) {
      for (const [i, { name }] of (schema[list] ?? []).entries()) {
        // Case counts for nothing in SQL column names and in some file systems.
        if (seen.has(name.toLowerCase())) {
          const message = `two columns are named '${name}'`;
          context.addIssue({ code: 'custom', path: [list, i, 'name'], message });
        }
        seen.add(name.toLowerCase());
      }
    }
    for (const [i, { name }] of (schema.numbers ?? []).entries()) {
      if (name.toLowerCase() === 'label') {
        context.addIssue({
          code: 'custom',
          path: ['numbers', i, 'name'],
          message: "'label' is the label's column",
        });
      }
    }
  });
export type Schema = z.infer<typeof schemaSchema>;
export type Field = Schema['fields'][number];
export type NumberField = NonNullable<Schema['numbers']>[number];

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

/** How a field's bags are pooled; null for a field with one value in each row. */
export function poolingOf(field: Field): Pooling | null {
  return isList(field.value) ? (field.pooling ?? 'mean') : null;
}

/** Every raw column that a schema reads, each once: the label's, the fields', the numbers', weight and group. Scoring
 * new rows takes those of `inputColumnsOf`. */
export function columnsOf(schema: Schema): string[] {
  const others = [schema.weight, schema.group].filter((column) => column !== undefined);
  return [...new Set([parseComparison(schema.label).column, ...inputColumnsOf(schema), ...others])];
}

/** The raw columns that a model's inputs are made of: no label, no weight, no group. */
export function inputColumnsOf(schema: Pick<Schema, 'fields' | 'numbers'>): string[] {
  const ofFields = schema.fields.flatMap((f) => crossParts(f.value).map(sourceColumn));
  return [...new Set([...ofFields, ...(schema.numbers ?? []).map(({ column }) => column)])];
}
