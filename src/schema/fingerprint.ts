// One number for the meaning of ids: SHA-256 over the schema and the checksums of its vocabularies' indexes. (Not
// of their Parquet files: those hold counts too, which may change where ids do not.)
// Two data sets with the same fingerprint give a value the same id in every field.
import { createHash } from 'node:crypto';
import type { Schema } from './schema.js';

export interface VocabularyChecksum {
  name: string;
  /** Of the vocabulary's index. */
  sha256: string;
}

/** The fingerprint, as 64 hexadecimal digits. Order of fields and vocabularies counts; order of keys does not. */
export function fingerprint(schema: Schema, vocabularies: readonly VocabularyChecksum[]): string {
  const named = vocabularies.map(({ name, sha256 }) => ({ name, sha256 }));
  return createHash('sha256')
    .update(canonicalJson({ schema, vocabularies: named }))
    .digest('hex');
}

/** JSON with sorted keys and no spaces, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, v]) => `${JSON.stringify(key)}:${canonicalJson(v)}`);
  return `{${entries.join(',')}}`;
}
