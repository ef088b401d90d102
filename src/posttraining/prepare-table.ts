// What is settled about a table before its first row is quantized: method, layout, side, the arrays it is stored as. After
// this the size of the result is known to the byte.

import { UserError } from '../errors.js';
import { dtypes } from '../formats/safetensors.js';
import type { TensorArray } from '../formats/safetensors-reader.js';
import type { Calibration } from './calibration.js';
import { finiteRows, requireStorableCodebooks } from './check-values.js';
import { createQuantizer } from './fast-quantizers.js';
import type { LayoutPart, QuantizedFormat, RowLayout } from './layouts/layout.js';
import { type LayoutName, layouts } from './layouts/registry.js';
import { storeNumbers } from './layouts/side-numbers.js';
import type { BlockQuantizer, QuantizedBits, QuantizerSpec, RowSource, Side } from './quantizer.js';
import { type QuantizerName, quantizers } from './registry.js';

/** What a table is to become. */
export interface TableQuantization {
  method: QuantizerName;
  bits: QuantizedBits;
  /** Default: `bitrow-rows`. */
  layout?: LayoutName | undefined;
  /** Default: as PyTorch has it, fp32 at 8 bits and fp16 at 4 and 2. */
  side?: Side | undefined;
  /** For a method that asks for it. */
  calibration?: Calibration | undefined;
}

/** A table of which all but the rows is settled. */
export interface PreparedTable {
  readonly table: RowSource;
  readonly method: QuantizerName;
  readonly layout: LayoutName;
  readonly format: QuantizedFormat;
  readonly quantizer: BlockQuantizer;
  /** Whether the quantizer knows more than its settings: it has read the table. */
  readonly hasReadTable: boolean;
}

/**
 * Settles a table's format, and has a quantizer that needs all rows first read them.
 *
 * @param onRead called with the rows that the quantizer has read, as often as it reads them all; may throw to stop it
 * @throws UserError for a width the method does not have, a table the layout cannot hold, or a row that is not finite
 */
export async function prepareTable(
  table: RowSource,
  { method, bits, layout = 'bitrow-rows', side = layouts[layout].side(bits), calibration }: TableQuantization,
  onRead?: (rows: number) => void,
): Promise<PreparedTable> {
  const spec: QuantizerSpec = quantizers[method];
  if (!spec.bits.includes(bits)) {
    throw new UserError(
      `Method ${method} has no ${bits} bits (it has: ${spec.bits.join(', ')}).`,
      undefined,
      2,
    );
  }
  const { rows, dim } = table;
  const format: QuantizedFormat = { kind: spec.kind, bits, side, dim, rows, clusters: 0 };
  const rowLayout: RowLayout = layouts[layout];
  rowLayout.check(format);
  // A calibration is no more than a row says either.
  let hasReadTable = calibration !== undefined;
  const source = finiteRows(table, (rows) => {
    hasReadTable = true;
    onRead?.(rows);
  });
  const quantizer = await createQuantizer(method, { dim, bits, side, calibration }, source);
  if (spec.kind === 'clustered') {
    const { codebooks = new Float32Array() } = quantizer;
    requireStorableCodebooks(table.name, codebooks, side);
    format.clusters = codebooks.length / 2 ** bits;
  }
  return { table, method, layout, format, quantizer, hasReadTable };
}

/** The same quantizer for other rows, such as some of the table's: what it knows of the table as a whole stays. */
export function withRows(prepared: PreparedTable, table: RowSource): PreparedTable {
  return { ...prepared, table, format: { ...prepared.format, rows: table.rows } };
}

/** All arrays a table is stored as, those with an entry for each row first. */
export function partsOf({
  layout,
  format,
}: {
  layout: LayoutName;
  format: QuantizedFormat;
}): readonly LayoutPart[] {
  return [...layouts[layout].rowParts(format), ...layouts[layout].tableParts(format)];
}

/** Bytes of the stored table: its arrays, without the header of a file. */
export function storedBytes(prepared: { layout: LayoutName; format: QuantizedFormat }): number {
  return partsOf(prepared).reduce((sum, { dtype, shape }) => sum + elements(shape) * dtypes[dtype].bytes, 0);
}

/** The codebooks of a clustered table as its one part of the table as a whole; nothing for other tables. */
export function tableArrays({ layout, format, quantizer }: PreparedTable): TensorArray[] {
  return layouts[layout].tableParts(format).map(({ dtype, shape }) => {
    const out = new dtypes[dtype].array(elements(shape));
    storeNumbers(quantizer.codebooks ?? new Float32Array(), out.length, out);
    return out;
  });
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
