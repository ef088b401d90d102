// What an encoded dataset says of itself: DIR/manifest.json. Beside it lie one Parquet file per split (columns:
// `label` UTINYINT, then one UINTEGER column of local ids per field, in the order of `fields`, rows in stored
// order) and one Parquet file per vocabulary (value VARCHAR, NULL for missing; count; id from 1, ascending).
// Id 0 is OOV and stands in no file.
import { z } from 'zod';

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
  fields: z.array(z.strictObject({ name: z.string(), vocabulary: z.string() })),
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
      /** Rows whose id is 0, per field in the order of `fields`. */
      oov: z.array(z.number()).optional(),
      /** Rows of every row group but the last. */
      rowGroupRows: z.number(),
      sha256: z.string(),
    }),
  ),
  /** Rows count whether good or bad: the next file's row numbers follow. */
  input: z.array(z.strictObject({ path: z.string(), rows: z.number() })),
  /** Bad rows that were left out, where there were any; `first` says where the first stood and what was wrong. */
  skipped: z.strictObject({ rows: z.number(), first: z.string() }).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;
