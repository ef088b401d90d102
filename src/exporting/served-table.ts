// A table as it leaves bitrow: what stands for its rows, in arrays, whatever the method keeps while it trains. Codes are
// unsigned, lowest bits first, each row padded to whole bytes (quantization/packing.ts). What a row's value is:
//
//   fp32        the value itself                                    .values (V, D)
//   symmetric   step · (code − 2^(M−1))                             .codes, .step (V) or one number for all
//   affine      scale · code + bias                                 .codes, .scale (V), .bias (V)
//   codebook    codebook[code]                                      .codes, .codebook (V, 2^M)
//   clustered   codebooks[cluster][code]                            .codes, .cluster (V); .codebooks (K, 2^M)
//
// Rows of a table may be of two tiers, the hot ones in more bits (embedding/tiers.ts): each is a set of arrays of its own.
import type { Dtype } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import type { CodeBits } from '../quantization/grid.js';
import { packedBytes } from '../quantization/packing.js';

/** What numbers beside the codes are stored as. */
export type SideDtype = 'F32' | 'F16';

/** What the rows of a tier are. */
export type ServedFormat =
  | { readonly kind: 'fp32' }
  | { readonly kind: 'symmetric'; readonly bits: CodeBits; readonly step: SideDtype | number }
  /** `roundings`: whether the product is rounded to fp32 before the bias is added, or the sum alone. */
  | { readonly kind: 'affine'; readonly bits: CodeBits; readonly side: SideDtype; readonly roundings: 1 | 2 }
  | { readonly kind: 'codebook'; readonly bits: CodeBits; readonly side: SideDtype }
  | {
      readonly kind: 'clustered';
      readonly bits: CodeBits;
      readonly side: SideDtype;
      readonly cluster: Dtype;
      readonly codebooks: TensorArray; // (K, 2^M)
    };

/** One array with an entry for each row. */
export interface ServedPart {
  readonly suffix: 'values' | 'codes' | 'step' | 'scale' | 'bias' | 'codebook' | 'cluster';
  readonly dtype: Dtype;
  /** Entries of a row. */
  readonly width: number;
}

/** Rows that are stored alike. */
export interface ServedTier {
  readonly rows: number;
  readonly format: ServedFormat;
  /** Yields all rows in order, some at a time: an array for each of `servedParts`, lent until the next are asked for. */
  blocks(): AsyncGenerator<{ readonly rows: number; readonly arrays: readonly TensorArray[] }>;
}

export interface ServedTable {
  readonly name: string;
  /** D. */
  readonly dim: number;
  readonly cold: ServedTier;
  /** And of each vocabulary how many of its first rows are hot. */
  readonly hot: (ServedTier & { readonly ofVocabulary: readonly number[] }) | null;
}

/** The arrays of a tier, in the order of `blocks`. */
export function servedParts(format: ServedFormat, dim: number): ServedPart[] {
  if (format.kind === 'fp32') return [{ suffix: 'values', dtype: 'F32', width: dim }];
  const { bits } = format;
  const codes: ServedPart =
    bits === 16
      ? { suffix: 'codes', dtype: 'U16', width: dim }
      : { suffix: 'codes', dtype: 'U8', width: packedBytes(dim, bits) };
  switch (format.kind) {
    case 'symmetric':
      return typeof format.step === 'number'
        ? [codes]
        : [codes, { suffix: 'step', dtype: format.step, width: 1 }];
    case 'affine':
      return [
        codes,
        { suffix: 'scale', dtype: format.side, width: 1 },
        { suffix: 'bias', dtype: format.side, width: 1 },
      ];
    case 'codebook':
      return [codes, { suffix: 'codebook', dtype: format.side, width: 2 ** bits }];
    case 'clustered':
      return [codes, { suffix: 'cluster', dtype: format.cluster, width: 1 }];
    default:
      return format satisfies never;
  }
}

/** A format in metadata: all but arrays, and the formula of a value in words. */
export function describeFormat(format: ServedFormat): Record<string, string | number> {
  switch (format.kind) {
    case 'fp32':
      return { ...format, value: 'value' };
    case 'symmetric':
      return { ...format, value: `step * (code - ${2 ** (format.bits - 1)})` };
    case 'affine':
      return { ...format, value: 'scale * code + bias' };
    case 'codebook':
      return { ...format, value: 'codebook[code]' };
    case 'clustered': {
      const { codebooks: _, ...plain } = format;
      return { ...plain, value: 'codebooks[cluster][code]' };
    }
    default:
      return format satisfies never;
  }
}

/** The tiers of a table: its cold rows, then, where it has some, its hot ones; each with what its arrays are called. */
export function tiersOfServed({ name, cold, hot }: ServedTable): { name: string; tier: ServedTier }[] {
  const all = [{ name, tier: cold }];
  return hot ? [...all, { name: `${name}.hot`, tier: hot }] : all;
}
