// What may be quantized: finite numbers, and such that scale, bias and codebook fit what they are stored in. Checked at the
// border, once; an error names table, row and column. Quantizers assume it.
import { UserError } from '../errors.js';
import { HALF_HIGHEST } from '../quantization/half.js';
import { kernelsOn } from './kernel-memory.js';
import type { QuantizedBlock, RowSource, Side } from './quantizer.js';

/** The largest magnitude of each side: rounding to fp16 takes numbers below 65520 to 65504. */
const highest = { fp32: 3.4028234663852886e38, fp16: HALF_HIGHEST } as const satisfies Record<Side, number>;

/** @throws UserError that names the first NaN or infinity among values (n, D) */
export function requireFinite(name: string, first: number, dim: number, values: Float32Array): void {
  const placed = kernelsOn(values);
  // The kernel finds all there is: nothing is left to look at after −1.
  const found = placed ? placed.kernels.findNonFinite(values.byteOffset, values.length) : 0;
  for (let at = found < 0 ? values.length : found; at < values.length; at++) {
    // True of NaN too.
    if (!(Math.abs(values[at]) <= highest.fp32)) {
      const row = first + Math.trunc(at / dim);
      throw new UserError(
        `Table '${name}', row ${row}, column ${at % dim} is ${values[at]}: only finite numbers can be quantized.`,
        'look for what made it (an unstable training, a row never initialised), or set it to 0',
      );
    }
  }
}

/** The same source, with what it reads checked. `onRead` is told the rows read since the last beginning. */
export function finiteRows(table: RowSource, onRead?: (rows: number) => void): RowSource {
  const { name, rows, dim } = table;
  return {
    name,
    rows,
    dim,
    async read(first, out) {
      await table.read(first, out);
      requireFinite(name, first, dim, out);
      onRead?.(first + out.length / dim);
    },
  };
}

/**
 * Checks what a quantizer made of values (n, D): no scale, bias or entry of a codebook beyond the side's largest number.
 *
 * @throws UserError that names the row, and its column of the largest magnitude
 */
export function requireStorable(
  name: string,
  first: number,
  rows: number,
  dim: number,
  values: Float32Array,
  block: QuantizedBlock,
  side: Side,
): void {
  const most = highest[side];
  const bad = (numbers: Float32Array, each: number) => {
    for (let i = 0; i < rows * each; i++) if (!(Math.abs(numbers[i]) <= most)) return Math.trunc(i / each);
    return -1;
  };
  switch (block.kind) {
    case 'affine': {
      const found = [bad(block.scales, 1), bad(block.biases, 1)].filter((row) => row >= 0);
      if (found.length > 0) throw tooLarge(name, first, Math.min(...found), dim, values, side);
      return;
    }
    case 'codebook': {
      const row = bad(block.codebooks, block.codebooks.length / (block.codes.length / dim));
      if (row >= 0) throw tooLarge(name, first, row, dim, values, side);
      return;
    }
    case 'clustered':
      // The codebooks are the table's: requireStorableCodebooks.
      return;
    default:
      block satisfies never;
  }
}

/** The same of the codebooks of a table. @throws UserError */
export function requireStorableCodebooks(name: string, codebooks: Float32Array, side: Side): void {
  for (const value of codebooks) {
    if (Math.abs(value) <= highest[side]) continue;
    throw new UserError(
      `Table '${name}' has codebook values beyond the largest ${side} number, ${highest[side]}.`,
      sideHelp[side],
    );
  }
}

const sideHelp = {
  fp16: 'pass --side fp32 (with --layout bitrow-rows)',
  fp32: 'scale the table down',
} as const satisfies Record<Side, string>;

function tooLarge(
  name: string,
  first: number,
  row: number,
  dim: number,
  values: Float32Array,
  side: Side,
): UserError {
  let column = 0;
  const of = (j: number) => values[row * dim + j];
  for (let j = 1; j < dim; j++) if (Math.abs(of(j)) > Math.abs(of(column))) column = j;
  return new UserError(
    `Table '${name}', row ${first + row}, column ${column} is ${of(column)}: the row's scale or bias would be beyond the largest ${side} number, ${highest[side]}.`,
    sideHelp[side],
  );
}
