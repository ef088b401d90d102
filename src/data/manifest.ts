// What an encoded dataset says of itself: DIR/manifest.json. Beside it lie one Parquet file per split (columns:
// `label` UTINYINT; one column of local ids per field, in the order of `fields`: UINTEGER, or UINTEGER[] for a bag, in
// the order of the list and never empty; one DOUBLE column per number, NULL for missing; `weight` FLOAT; `group`
// UINTEGER, 0 for none. Rows in stored order) and one Parquet file per vocabulary (value VARCHAR, NULL for missing;
// count; id from 1, ascending). Id 0 is OOV and stands in no file.
import { z } from 'zod';
import { numberTransforms } from '../schema/number-input.js';
import { poolings } from '../schema/schema.js';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

export const manifestSchema = z.strictObject({
  format: z.literal('bitrow-dataset'),
  version: z.literal(1),
  /** Version of bitrow that wrote it. */
  bitrow: z.string(),
  dataset: z.string(),
  seed: z.number(),
  /** Options that decided which rows and values are in it (min count, vocabulary, split rule, …). */
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** The schema as prepared (see schema/). */
  schema: z.unknown(),
  /** SHA-256 over schema and vocabularies: equal fingerprints mean that ids mean the same. */
  fingerprint: z.string(),
  /** In the order of the columns. `vocabulary` names one of `vocabularies`. */
  fields: z.array(
    z.strictObject({
      name: z.string(),
      vocabulary: z.string(),
      /** Where the field holds a list. `longest` is the most elements of one row, over all splits. */
      bag: z.strictObject({ pooling: z.enum(poolings), longest: z.number() }).optional(),
    }),
  ),
  /** Numeric inputs in the order of their columns, as they are standardised: measured over the training split. */
  numbers: z
    .array(
      z.strictObject({
        name: z.string(),
        transform: z.enum(numberTransforms),
        mean: z.number(),
        deviation: z.number().positive(),
      }),
    )
    .optional(),
  /** Whether rows have a weight, and a group. */
  hasWeight: z.literal(true).optional(),
  hasGroup: z.literal(true).optional(),
  /** In the order of their numbers, which random streams use: new ones go at the end. `size` counts OOV (id 0). */
  vocabularies: z.array(
    z.strictObject({ name: z.string(), size: z.number(), file: z.string(), sha256: z.string() }),
  ),
  splits: z.array(
    z.strictObject({
      name: z.enum(splitNames),
      file: z.string(),
      rows: z.number(),
      positives: z.number(),
      /** Ids that are 0, per field in the order of `fields`. */
      oov: z.array(z.number()).optional(),
      /** Where a field is a bag: ids in all rows, per field in the order of `fields`. */
      ids: z.array(z.number()).optional(),
      /** Where a field is a bag: how many ids any 1, 2, 4, 8, … rows have at most, in all fields together; the last
       * entry counts all rows. */
      mostIds: z.array(z.number()).optional(),
      /** Rows of every row group but the last. */
      rowGroupRows: z.number(),
      sha256: z.string(),
    }),
  ),
  input: z.array(z.strictObject({ path: z.string(), rows: z.number() })),
});
export type Manifest = z.infer<typeof manifestSchema>;
