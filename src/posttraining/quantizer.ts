// What a post-training quantizer is: what rows of trained fp32 values become. Quantizers work on blocks of rows and know
// neither files nor threads; the bytes of a row are a layout's business (layouts/).
import type { CodeBits } from '../quantization/grid.js';
import type { Calibration } from './calibration.js';

/** What the numbers beside the codes are stored as: scale and bias of a row, the values of a codebook. */
export const sides = ['fp32', 'fp16'] as const;
export type Side = (typeof sides)[number];

/** Widths that tables are quantized to. */
export const quantizedBits = [8, 4, 2] as const satisfies readonly CodeBits[];
export type QuantizedBits = (typeof quantizedBits)[number];

/** A table of fp32 values (V, D), wherever it lies. */
export interface RowSource {
  /** As errors name it. */
  readonly name: string;
  /** V. */
  readonly rows: number;
  /** D. */
  readonly dim: number;
  /** Fills `out` (n, D) with the rows from `first` on. */
  read(first: number, out: Float32Array): Promise<void>;
}

/** Rows between a scale and a bias each: value = scale · code + bias. */
export interface AffineBlock {
  readonly kind: 'affine';
  /** (n, D), one code a byte, 0 … 2^M − 1. */
  readonly codes: Uint8Array;
  /** (n), as stored: of an fp16 side, numbers that fp16 has. May be negative. */
  readonly scales: Float32Array;
  /** (n), as stored. */
  readonly biases: Float32Array;
}

/** Rows with a codebook each: value = codebook[code]. */
export interface CodebookBlock {
  readonly kind: 'codebook';
  /** (n, D). */
  readonly codes: Uint8Array;
  /** (n, 2^M), as stored. */
  readonly codebooks: Float32Array;
}

/** Rows that share a few codebooks, which belong to the table: value = codebooks[cluster][code]. */
export interface ClusteredBlock {
  readonly kind: 'clustered';
  /** (n, D). */
  readonly codes: Uint8Array;
  /** (n), below K. */
  readonly clusters: Uint32Array;
}

interface Blocks {
  affine: AffineBlock;
  codebook: CodebookBlock;
  clustered: ClusteredBlock;
}

export type BlockKind = keyof Blocks;
/** The block of a kind. */
export type BlockOf<Kind extends BlockKind> = Blocks[Kind];
export type QuantizedBlock = BlockOf<BlockKind>;

/** What a table is quantized to. */
export interface QuantizerSettings {
  /** D. */
  dim: number;
  bits: QuantizedBits;
  side: Side;
  /** What examples say of how the model uses the table (calibration.ts); only a quantizer that asks for it reads it. */
  calibration?: Calibration | undefined;
}

/** Quantizes blocks of one table. */
export interface BlockQuantizer<Kind extends BlockKind = BlockKind> {
  /** (K, 2^M), as stored; of `clustered` alone. */
  readonly codebooks?: Float32Array;
  /** Of a kernel alone: bytes of the work area with which it works in place on arrays in a memory of kernels. */
  readonly workBytes?: number;
  /**
   * Quantizes values (n, D), all of them finite, into `out`, whose arrays have room for n rows.
   *
   * @param first number of the first of these rows in the table, which one with a calibration has to know
   */
  quantize(values: Float32Array, out: BlockOf<Kind>, first?: number): void;
}

/** What the registry has of a quantizer. */
export interface QuantizerSpec<Kind extends BlockKind = BlockKind> {
  /** One line for `--help`, with its source. */
  readonly summary: string;
  readonly kind: Kind;
  readonly bits: readonly QuantizedBits[];
  /** Whether `create` refuses settings without a calibration: rows of a file alone cannot be quantized by it. */
  readonly needsCalibration?: boolean;
  /**
   * The quantizer of a table. One that needs to know all rows first (a range or codebooks of the whole table) reads them here,
   * in blocks; results do not depend on the size of those.
   */
  create(settings: QuantizerSettings, table: RowSource): Promise<BlockQuantizer<Kind>>;
}
