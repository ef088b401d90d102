// What an encoded dataset says of itself: DIR/manifest.json. Beside it lie one Parquet file per split (columns:
// `label` UTINYINT; one column of local ids per field, in the order of `fields`: UINTEGER, or UINTEGER[] for a bag, in
// the order of the list and never empty; one DOUBLE column per number, NULL for missing; `weight` FLOAT; `group`
// UINTEGER, 0 for none. Rows in stored order) and two files per vocabulary: Parquet (value VARCHAR, NULL for missing;
// count; id from 1, ascending; then, with id 0, the values that are too rare to have one, so that `--extend` can go on
// counting) and the index from value to id (formats/vocabulary-index.ts). Id 0 is OOV and stands in no index.
import { z } from 'zod';
import { numberTransforms } from '../schema/number-input.js';
import { poolings } from '../schema/schema.js';
import { type TimeFormat, timeFormats } from '../schema/transformation.js';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** How files of somebody's own are written; of the data sets that bitrow knows by name, it knows. */
const readingSchema = z.strictObject({
  format: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('text'),
      separator: z.string().min(1),
      header: z.boolean(),
      columns: z.array(z.string()),
      cells: z.enum(['plain', 'libfm']),
      labels: z.array(z.string()),
    }),
    z.strictObject({
      kind: z.literal('csv'),
      separator: z.string().optional(),
      columns: z.array(z.string()).optional(),
      quotes: z.enum(['double', 'none']),
    }),
    z.strictObject({ kind: z.literal('parquet') }),
  ]),
  timeSplit: z
    .strictObject({
      column: z.string(),
      format: z.enum(Object.keys(timeFormats) as [TimeFormat]).optional(),
      validation: z.string(),
      test: z.string(),
    })
    .optional(),
});

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
  reading: readingSchema.optional(),
  /** SHA-256 over the schema and the indexes of the vocabularies: equal fingerprints mean that ids mean the same. */
  fingerprint: z.string(),
  /**
   * Fingerprints of the data sets this one extends, oldest first: an id of theirs means the same here, and every
   * vocabulary only grew at its end.
   */
  extends: z.array(z.string()).optional(),
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
    z.strictObject({
      name: z.string(),
      size: z.number(),
      /** Values in the file that are too rare to have an id. */
      rare: z.number().optional(),
      file: z.string(),
      sha256: z.string(),
      /** Value → id, beside the Parquet file. Its checksum is in the fingerprint, that of the Parquet file is not. */
      index: z.strictObject({ file: z.string(), sha256: z.string() }),
    }),
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
  /** Number of the first row: where the data set that this one extends stopped. Default: 0. */
  firstRow: z.number().optional(),
  /** Rows count whether good or bad: the next file's row numbers follow. */
  input: z.array(z.strictObject({ path: z.string(), rows: z.number() })),
  /** Bad rows that were left out, where there were any; `first` says where the first stood and what was wrong. */
  skipped: z.strictObject({ rows: z.number(), first: z.string() }).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Rows of a split; 0 where the data has none of that name. */
export function rowsOfSplit({ splits }: Manifest, name: string): number {
  return splits.find((split) => split.name === name)?.rows ?? 0;
}
