// What a row layout is: how quantized rows become bytes and are read again. A layout knows neither files nor quantizers: it
// says which arrays a table is stored as, and turns blocks of rows into parts of those.

import type { Dtype } from '../../formats/safetensors.js';
import type { TensorArray } from '../../formats/safetensors-reader.js';
import type { BlockKind, QuantizedBits, QuantizedBlock, Side } from '../quantizer.js';

/** What all rows of a quantized table have in common. */
export interface QuantizedFormat {
  kind: BlockKind;
  bits: QuantizedBits;
  side: Side;
  /** D. */
  dim: number;
  /** V. */
  rows: number;
  /** K, codebooks of the table; 0 unless `clustered`. */
  clusters: number;
}

/** One array of a stored table. */
export interface LayoutPart {
  /** After the table's name: `.codes`; empty where it is the whole table. */
  readonly suffix: string;
  readonly dtype: Dtype;
  /** (V, …), or of what belongs to the table as a whole. */
  readonly shape: readonly number[];
}

/** A way to store quantized rows. */
export interface RowLayout {
  /** Counts up when bytes of the same name come to mean something else. */
  readonly version: number;
  /** One line for `--help`. */
  readonly summary: string;
  /** The side that rows of so many bits have where none is asked for. */
  side(bits: QuantizedBits): Side;
  /** @throws UserError for a table that the layout cannot hold */
  check(format: QuantizedFormat): void;
  /** Arrays with an entry for each row, in the order of `encode`. */
  rowParts(format: QuantizedFormat): readonly LayoutPart[];
  /** Arrays of the table as a whole: the codebooks of clustered rows. */
  tableParts(format: QuantizedFormat): readonly LayoutPart[];
  /** Stores the first `rows` rows of a block: `out` has an array for each of `rowParts`. */
  encode(format: QuantizedFormat, block: QuantizedBlock, rows: number, out: readonly TensorArray[]): void;
  /** Reads what `encode` stored. */
  decode(format: QuantizedFormat, stored: readonly TensorArray[], rows: number, block: QuantizedBlock): void;
}

/** Entries that a part has for each row. */
export function entriesPerRow({ shape }: LayoutPart): number {
  return shape.slice(1).reduce((product, extent) => product * extent, 1);
}
