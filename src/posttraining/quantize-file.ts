// Quantizes the tables of a file into another file, which is there whole or not at all.
import { statSync } from 'node:fs';
import { requireFreeFile } from '../data/output-file.js';
import { type PreparedTable, prepareTable, storedBytes, type TableQuantization } from './prepare-table.js';
import { type MakeTeam, quantizeTable } from './quantize-table.js';
import { checkOutput, createQuantizedFile, type QuantizedFileWriter } from './quantized-file.js';
import type { QuantizedBits, Side } from './quantizer.js';
import { addRowErrors, noRows, type RowErrorSums, type RowErrors, rowErrors } from './row-errors.js';
import { type FileTable, openTables, type TableFile } from './table-files.js';

export interface QuantizeFileOptions extends QuantizeTablesOptions {
  /** A .npy or .safetensors file. */
  input: string;
  /** Tensors of the input; by default all tables in it. */
  tensors?: readonly string[] | undefined;
}

export interface QuantizeTablesOptions extends TableQuantization {
  /** A .safetensors file; or a .npy file, of one table in `torch-rows`. */
  out: string;
  /** What else the metadata of a .safetensors file says. */
  about?: Readonly<Record<string, string>> | undefined;
  /** Replace `out` where it is there. */
  force?: boolean | undefined;
  onProgress?: ((state: QuantizeProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Who works on blocks; by default this thread. */
  team?: MakeTeam | undefined;
}

export interface QuantizeProgress {
  /** `prepare` while a method reads a table as a whole, which it may do several times. */
  stage: 'prepare' | 'quantize';
  /** Rows. */
  done: number;
  total: number;
}

/** One table as it was and as it is stored. */
export interface QuantizedTableReport extends RowErrors {
  name: string;
  rows: number;
  dim: number;
  dtype: string;
  bytesBefore: number;
  bytesAfter: number;
}

export interface QuantizeFileReport extends Omit<RowErrors, 'worstRow'> {
  out: string;
  method: string;
  bits: QuantizedBits;
  side: Side;
  layout: string;
  /** Of the values, as the input has them. */
  bytesBefore: number;
  /** Of all that stands for them. */
  bytesAfter: number;
  /** bytesAfter / bytesBefore. */
  ratio: number;
  /** Of the file. */
  fileBytes: number;
  tables: QuantizedTableReport[];
  /** Tensors of the input that are no tables. */
  leftOut: { name: string; reason: string }[];
}

/**
 * Quantizes the tables of a file, a few blocks of rows in memory at a time.
 *
 * @throws UserError for an output that is there, a damaged input, what the layout cannot hold, or a row that cannot be quantized,
 *   naming table, row and column; nothing is written then
 * @example
 * await quantizeFile({ input: 'table.npy', out: 'table-4.safetensors', method: 'minmax', bits: 4 });
 */
export async function quantizeFile(options: QuantizeFileOptions): Promise<QuantizeFileReport> {
  const source = await openTables(options.input, options.tensors);
  try {
    return await quantizeTables(source, options);
  } finally {
    await source.close();
  }
}

/** The same of tables from anywhere. @throws UserError as `quantizeFile` does */
export async function quantizeTables(
  source: Pick<TableFile, 'tables' | 'leftOut'>,
  options: QuantizeTablesOptions,
): Promise<QuantizeFileReport> {
  const { out, about, force = false, signal, onProgress } = options;
  checkOutput(out, options.layout ?? 'bitrow-rows', source.tables.length);
  requireFreeFile(out, force);
  const prepared: PreparedTable[] = [];
  for (const table of source.tables) {
    const onRead = (done: number) => {
      signal?.throwIfAborted();
      onProgress?.({ stage: 'prepare', done, total: table.rows });
    };
    prepared.push(await prepareTable(table, options, onRead));
  }
  const file = await createQuantizedFile(out, prepared, about);
  let sums: RowErrorSums[];
  try {
    sums = await quantizeAll(prepared, file, options);
    signal?.throwIfAborted();
    await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
  const all = noRows();
  for (const each of sums) addRowErrors(all, each);
  const tables = prepared.map((each, i) => tableReport(source.tables[i], each, sums[i]));
  const [{ method, layout, format }] = prepared;
  const bytesBefore = tables.reduce((sum, table) => sum + table.bytesBefore, 0);
  const bytesAfter = tables.reduce((sum, table) => sum + table.bytesAfter, 0);
  // Which row of several tables is the worst stands with the tables.
  const { worstRow: _, ...errors } = rowErrors(all);
  return {
    ...{ out, method, bits: format.bits, side: format.side, layout },
    ...{ bytesBefore, bytesAfter, ratio: bytesAfter / bytesBefore, fileBytes: statSync(out).size },
    ...errors,
    ...{ tables, leftOut: [...source.leftOut] },
  };
}

/** Quantizes one table after another into an open file; sums of the errors of each. */
async function quantizeAll(
  prepared: readonly PreparedTable[],
  file: QuantizedFileWriter,
  { onProgress, signal, team }: QuantizeTablesOptions,
): Promise<RowErrorSums[]> {
  const total = prepared.reduce((sum, { format }) => sum + format.rows, 0);
  const sums: RowErrorSums[] = [];
  let before = 0;
  for (const each of prepared) {
    const progress = (rows: number) => onProgress?.({ stage: 'quantize', done: before + rows, total });
    sums.push(await quantizeTable(each, file.sink(each), { onProgress: progress, signal, team }));
    before += each.format.rows;
  }
  return sums;
}

function tableReport(
  { name, rows, dim, dtype, sizeBytes }: FileTable,
  prepared: PreparedTable,
  sums: RowErrorSums,
): QuantizedTableReport {
  const bytesAfter = storedBytes(prepared);
  return { name, rows, dim, dtype, bytesBefore: sizeBytes, bytesAfter, ...rowErrors(sums) };
}
