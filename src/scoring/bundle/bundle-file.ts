// bundle.json: what a bundle is. The files beside it, with the checksum of each:
//
//   model.onnx                    the scoring graph, weights as initializers
//   tables/NAME-1.safetensors, …  packed rows, some of a table in each file
//   vocabularies/…                indexes of the vocabularies, under the names that the data's manifest has for them
//
// Its own checksum is `sha256`: of the file's text with these 64 digits replaced by zeros.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { manifestSchema } from '../../data/manifest.js';
import { UserError } from '../../errors.js';
import { findDuplicateKey } from '../../formats/json-duplicates.js';
import { layoutNames } from '../../posttraining/layouts/registry.js';
import { quantizedBits, sides } from '../../posttraining/quantizer.js';
import { codeBits } from '../../quantization/grid.js';
import { configSchema } from '../../runs/config.js';
import { checkpointNames, runSchema } from '../../runs/run-directory.js';

export const BUNDLE_FILE = 'bundle.json';
export const GRAPH_FILE = 'model.onnx';

/** A longer bundle.json is damage. Most of it are the names of hot rows' runs and of files. */
const MOST_BYTES = 64_000_000;

const count = z.int().min(0);
const digits = z.string().regex(/^[0-9a-f]{64}$/);

const formatSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('values') }),
  z.strictObject({
    kind: z.literal('steps'),
    bits: z.literal(codeBits),
    tableStep: z.number().nullable(),
    stepBytes: z.literal([2, 4]),
    isAffine: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('quantized'),
    layout: z.enum(layoutNames),
    format: z
      .strictObject({
        kind: z.enum(['affine', 'codebook', 'clustered']),
        bits: z.literal(quantizedBits),
        side: z.enum(sides),
        clusters: count.max(2 ** 32),
      })
      .refine(({ kind, clusters }) => (kind === 'clustered') === clusters > 0),
  }),
]);

const tableSchema = z.strictObject({
  name: z.string(),
  rows: z.int().min(1),
  dim: z.int().min(1).max(65536),
  groups: z.array(z.strictObject({ rows: count, format: formatSchema })).min(1),
  runs: z.array(z.strictObject({ firstRow: count, rows: z.int().min(1), group: count })).min(1),
  /** Which file has which rows of a group; what these share is in each. */
  parts: z.array(z.strictObject({ file: z.string(), group: count, first: count, rows: z.int().min(1) })),
});

export const bundleSchema = z.strictObject({
  format: z.literal('bitrow-bundle'),
  version: z.literal(1),
  sha256: digits,
  /** Version of bitrow that wrote it. */
  bitrow: z.string(),
  /** Of the data that it was trained on. */
  fingerprint: z.string(),
  model: z.string(),
  method: z.string(),
  bits: z.int().nullable(),
  dim: z.int(),
  /** The run it was made of. */
  run: z.strictObject({
    id: z.string(),
    checkpoint: z.enum(checkpointNames),
    epoch: count,
    trainingStep: count,
    made: runSchema.shape.made,
  }),
  /** The run's metrics of that epoch. */
  metrics: z.unknown(),
  tables: z.array(tableSchema).min(1).max(2),
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256: digits })),
  config: configSchema,
  dataset: runSchema.shape.dataset,
  manifest: manifestSchema,
});
export type Bundle = z.infer<typeof bundleSchema>;
export type BundleTable = Bundle['tables'][number];

/** Whether a directory is, or was to be, a bundle. */
export function isBundle(path: string): boolean {
  return existsSync(join(path, BUNDLE_FILE));
}

const ZEROS = '0'.repeat(64);
const OWN_SUM = /"sha256": ?"([0-9a-f]{64})"/;

/** The text of a bundle.json, with its checksum. */
export function encodeBundle(bundle: Omit<Bundle, 'sha256' | 'format' | 'version'>): string {
  const begin = { format: 'bitrow-bundle', version: 1, sha256: ZEROS } as const;
  const named = { ...begin, ...bundle, ...begin } satisfies Bundle;
  const text = `${JSON.stringify(named, null, 1)}\n`;
  return text.replace(ZEROS, sha256(text));
}

/** Reads a text as `encodeBundle` makes it. @throws UserError that says what is wrong with it */
export function decodeBundle(text: string, path: string): Bundle {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged(path, 'it is not JSON');
  }
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !('format' in parsed) ||
    parsed.format !== 'bitrow-bundle'
  ) {
    throw new UserError(`'${path}' is no bundle: its format is not bitrow-bundle.`);
  }
  if (!('version' in parsed) || parsed.version !== 1) {
    const version = 'version' in parsed ? JSON.stringify(parsed.version) : 'none';
    throw new UserError(
      `'${path}' has version ${version.slice(0, 20)} of the format, this bitrow reads version 1.`,
      'read it with the version of bitrow that wrote it',
    );
  }
  const own = OWN_SUM.exec(text)?.[1];
  if (own === undefined || sha256(text.replace(own, ZEROS)) !== own)
    throw damaged(path, 'its checksum is wrong');
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw damaged(path, `it has the name '${duplicate}' twice`);
  const checked = bundleSchema.safeParse(parsed);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw damaged(path, `${issue.path.join('.')}: ${issue.message}`);
}

/** Reads the bundle.json of a directory. @throws UserError when there is none, or it is damaged */
export async function readBundle(directory: string): Promise<Bundle> {
  const path = join(directory, BUNDLE_FILE);
  let text: string;
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > MOST_BYTES) throw damaged(path, `it has ${size} bytes (at most ${MOST_BYTES})`);
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The bundle '${directory}' cannot be read: ${reason}.`);
  }
  return decodeBundle(text, path);
}

/** The refusal of a bundle.json. */
export function damaged(path: string, what: string): UserError {
  return new UserError(`'${path}' is damaged: ${what}.`, 'export the bundle again');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
