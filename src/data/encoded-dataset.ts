// Opens an encoded data set: reads its manifest and checks that it is one. The rows are batch/'s business.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { type Manifest, manifestSchema } from './manifest.js';

/** An encoded data set on disk. */
export interface EncodedDataset {
  dir: string;
  manifest: Manifest;
}

/**
 * Opens an encoded data set: reads `dir/manifest.json`.
 *
 * @throws UserError when there is none, or it is of another format or version
 * @example
 * const { manifest } = await loadDataset('data/criteo');
 */
export async function loadDataset(dir: string): Promise<EncodedDataset> {
  const missing = `The directory '${dir}' holds no encoded data set (no manifest.json).`;
  const help = 'make one with `bitrow prepare <dataset> --out DIR`';
  return { dir, manifest: await readManifest(join(dir, 'manifest.json'), missing, help) };
}

/** Reads a manifest. @throws UserError: `missing` when there is no file, else what is wrong with it */
export async function readManifest(file: string, missing: string, help: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new UserError(missing, help);
  }
  const json = parse(text);
  if (typeof json !== 'object' || json === null || !('format' in json) || json.format !== 'bitrow-dataset') {
    throw new UserError(`The file '${file}' is no manifest of an encoded data set.`, help);
  }
  if ('version' in json && json.version !== 1) {
    throw new UserError(
      `The data set of '${file}' has version ${json.version}, this bitrow reads version 1.`,
      help,
    );
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.');
  throw new UserError(
    `The manifest '${file}' is damaged: ${where ? `${where}: ` : ''}${issue?.message}.`,
    help,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
