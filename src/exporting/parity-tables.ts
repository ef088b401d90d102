// The rows of tables that an exported model reads for a batch, compared with the run's in every bit.
import { Table } from '../embedding/table.js';
import { UserError } from '../errors.js';
import { type OptimizationLevel, onnxruntimeVersion } from '../graph/session.js';
import { fieldOffsets, tablePairs } from '../scoring/blueprint.js';
import type { OpenedRun } from '../scoring/open-run.js';
import { readEmbeddings } from '../scoring/read-embeddings.js';
import type { IdBlock } from './onnx-inputs.js';
import { idsOf } from './parity-feeds.js';
import type { ParityBatch } from './parity-rows.js';

/** A block of ids, and the outputs of the lookup model that its rows are. */
export interface CheckedBlock extends IdBlock {
  readonly values: readonly { readonly table: 'embedding' | 'firstOrder'; readonly output: string }[];
}

/** What one output is to be for one batch. */
export interface ExpectedRows {
  readonly output: string;
  readonly shape: readonly number[];
  readonly table: string;
  /** (n), numbers of the rows, and their values (n, D). */
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

/** The run's rows for a batch. */
export function expectedRows(run: OpenedRun, block: CheckedBlock, batch: ParityBatch): ExpectedRows[] {
  const { fields, bag, values } = block;
  const { config, run: record } = run.directory;
  const firstRows = fieldOffsets(record.dataset);
  const perField = fields.map((f) => idsOf(batch, f, record.dataset.fields.length).ids);
  // (B, fields), as the block has them; of a bag (T).
  const rows = Uint32Array.from({ length: fields.length * perField[0].length }, (_, i) => {
    const column = i % fields.length;
    return firstRows[fields[column]] + perField[column][Math.floor(i / fields.length)];
  });
  const unique = Uint32Array.from(new Set(rows)).sort();
  const places = new Map(Array.from(unique, (row, i) => [row, i]));
  return values.map(({ table, output }) => {
    const memory = table === 'embedding' ? run.table : run.firstOrder;
    if (!memory) throw new Error('The model has no first-order weights.');
    const { dim, name } = memory.spec;
    const read = new Float32Array(unique.length * dim);
    const pairs = table === 'embedding' ? tablePairs(config, record.dataset) : null;
    readEmbeddings(new Table(memory, 0), pairs, unique, read);
    const expected = new Float32Array(rows.length * dim);
    for (const [i, row] of rows.entries()) {
      const at = (places.get(row) ?? 0) * dim;
      expected.set(read.subarray(at, at + dim), i * dim);
    }
    const shape = bag ? [rows.length, dim] : [batch.rows, fields.length, dim];
    return { output, shape, table: name, rows, values: expected };
  });
}

/** @throws UserError that names the first row that is another */
export function requireEqualRows(
  { table, rows, values }: ExpectedRows,
  found: Float32Array,
  level: OptimizationLevel,
): void {
  // Not equal in their bits: +0 and −0 are one number, and codes do not tell them apart.
  const at = found.findIndex((value, i) => value !== values[i]);
  if (at < 0) return;
  const dim = values.length / rows.length;
  throw new UserError(
    `The exported model reads row ${rows[Math.floor(at / dim)]} of '${table}' as ${found[at]} at ${at % dim} where the run has ${values[at]} (optimization level ${level}, onnxruntime ${onnxruntimeVersion}): it is not written.`,
    'export a bundle, or report it with the configuration of the run',
  );
}
