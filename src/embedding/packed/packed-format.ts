// What a packed table is: rows as they are served, without what only training needs, in groups of rows that are stored
// alike. Most tables have one group; one with hot rows has two. A group is one or more arrays with an entry for each row:
//
//   values     (V, D) fp32
//   steps      (V, row bytes): codes of M bits, then the row's step, then its bias, where it has them.
//              value = step · (code − 2^(M−1)), or of affine rows step · code + bias
//   quantized  what a layout of posttraining/ makes of the rows, and codebooks that all rows share
import { type Dtype, dtypes } from '../../formats/safetensors.js';
import type { QuantizedFormat } from '../../posttraining/layouts/layout.js';
import { type LayoutName, layouts } from '../../posttraining/layouts/registry.js';
import type { CodeBits } from '../../quantization/grid.js';
import { packedBytes } from '../../quantization/packing.js';
import type { StepBytes } from '../../quantization/row-grid.js';

/** How all rows of a group are stored. */
export type RowFormat =
  | { readonly kind: 'values' }
  | {
      readonly kind: 'steps';
      readonly bits: CodeBits;
      /** The step of all rows; null: each has its own. */
      readonly tableStep: number | null;
      readonly stepBytes: StepBytes;
      readonly isAffine: boolean;
    }
  | {
      readonly kind: 'quantized';
      readonly layout: LayoutName;
      readonly format: Omit<QuantizedFormat, 'dim' | 'rows'>;
    };

export interface RowGroup {
  readonly rows: number;
  readonly format: RowFormat;
}

/** Consecutive rows of a table that are consecutive rows of a group. */
export interface GroupRun {
  readonly firstRow: number;
  readonly rows: number;
  readonly group: number;
}

export interface PackedTableInfo {
  readonly name: string;
  /** V. */
  readonly rows: number;
  /** D. */
  readonly dim: number;
  readonly groups: readonly RowGroup[];
  /** Ascending, all rows; a group's rows in the order of its runs. */
  readonly runs: readonly GroupRun[];
}

/** An array with an entry for each row. */
export interface RowArray {
  /** After the table's name. */
  readonly suffix: string;
  readonly dtype: Dtype;
  /** Of a row's entries; nothing where it has one number. */
  readonly shape: readonly number[];
  readonly rowBytes: number;
}

/** An array of which a group has one. */
export interface SharedArray {
  readonly suffix: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** The arrays of a group's rows. */
export function rowArrays(format: RowFormat, dim: number): RowArray[] {
  const array = (suffix: string, dtype: Dtype, shape: readonly number[]): RowArray => ({
    suffix,
    dtype,
    shape,
    rowBytes: shape.reduce((product, extent) => product * extent, dtypes[dtype].bytes),
  });
  switch (format.kind) {
    case 'values':
      return [array('.values', 'F32', [dim])];
    case 'steps':
      return [array('.rows', 'U8', [stepRowBytes(format, dim)])];
    case 'quantized':
      return layouts[format.layout]
        .rowParts({ ...format.format, dim, rows: 1 })
        .map(({ suffix, dtype, shape }) => array(suffix, dtype, shape.slice(1)));
    default:
      return format satisfies never;
  }
}

/** The arrays that a group's rows share. */
export function sharedArrays(format: RowFormat, dim: number): SharedArray[] {
  if (format.kind !== 'quantized') return [];
  return layouts[format.layout]
    .tableParts({ ...format.format, dim, rows: 1 })
    .map(({ suffix, dtype, shape }) => {
      const bytes = shape.reduce((product, extent) => product * extent, dtypes[dtype].bytes);
      return { suffix, dtype, shape, bytes };
    });
}

/** Bytes of all arrays of a table. */
export function packedTableBytes({ groups, dim }: Pick<PackedTableInfo, 'groups' | 'dim'>): number {
  return groups.reduce((sum, { rows, format }) => {
    const shared = sharedArrays(format, dim).reduce((total, { bytes }) => total + bytes, 0);
    return sum + rows * rowBytes(format, dim) + shared;
  }, 0);
}

/** Bytes of a row in all arrays. */
export function rowBytes(format: RowFormat, dim: number): number {
  return rowArrays(format, dim).reduce((sum, array) => sum + array.rowBytes, 0);
}

function stepRowBytes(
  { bits, tableStep, stepBytes, isAffine }: Extract<RowFormat, { kind: 'steps' }>,
  dim: number,
): number {
  return packedBytes(dim, bits) + (tableStep === null ? stepBytes : 0) + (isAffine ? stepBytes : 0);
}
