// Codes of rows that training keeps otherwise, from their values: of rows that lie on the grid of a step, and of rows that are
// rounded between their least and their greatest value. What both forms of a table that leaves bitrow are packed with.
import { minMaxCodes } from '../posttraining/min-max.js';
import { type CodeBits, codeBits, grid } from '../quantization/grid.js';
import { packCodes, packedBytes } from '../quantization/packing.js';

/** Rows (n, D) that are multiples of a step. */
export interface RowsOnGrid {
  /** Of the table, and the number of the first row: for an error. */
  name: string;
  first: number;
  values: Float32Array; // (n, D)
  /** (n), or the one of all rows. */
  steps: Float32Array | number;
}

/**
 * Packed codes (n, row bytes). The code is value / step, which fp32 gives to within 2^−8 of a whole number.
 *
 * @throws Error for a value that its step does not divide: a defect
 */
export function codesOnGrid(
  { name, first, values, steps }: RowsOnGrid,
  dim: number,
  bits: CodeBits,
): Uint8Array {
  const { lowest, highest } = grid(bits);
  const rows = values.length / dim;
  const rowBytes = packedBytes(dim, bits);
  const packed = new Uint8Array(rows * rowBytes);
  const codes = new Float32Array(dim);
  for (let row = 0; row < rows; row++) {
    const step = typeof steps === 'number' ? steps : steps[row];
    for (let j = 0; j < dim; j++) {
      const value = values[row * dim + j];
      const code = Math.round(value / step);
      // +0 and −0 are equal here: codes do not tell them apart.
      if (Math.fround(step * code) !== value || code < lowest || code > highest) {
        throw new Error(
          `Row ${first + row} of '${name}' is ${value} at ${j}, which ${step} does not divide.`,
        );
      }
      codes[j] = code;
    }
    packCodes(codes, bits, packed, row * rowBytes);
  }
  return packed;
}

/** Packed codes (n, row bytes) of values (n, D), with scales (n) and biases (n) in fp32. */
export function minMaxPacked(
  values: Float32Array,
  dim: number,
  bits: CodeBits,
): { packed: Uint8Array; scales: Float32Array; biases: Float32Array } {
  const { codes, scales, biases } = minMaxCodes(values, dim, bits);
  const rowBytes = packedBytes(dim, bits);
  const packed = new Uint8Array(scales.length * rowBytes);
  const middle = 2 ** (bits - 1);
  const row = new Float32Array(dim);
  for (let i = 0; i < scales.length; i++) {
    for (let j = 0; j < dim; j++) row[j] = codes[i * dim + j] - middle;
    packCodes(row, bits, packed, i * rowBytes);
  }
  return { packed, scales, biases };
}

/** @throws Error for a width that nothing is served in: a defect */
export function servedBits(bits: number): CodeBits {
  const served = codeBits.find((known) => known === bits);
  if (served === undefined) throw new Error(`Codes of ${bits} bits are not served.`);
  return served;
}

/** The numbers of `count` rows from `first` on. */
export function rowsFrom(first: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => first + i);
}
