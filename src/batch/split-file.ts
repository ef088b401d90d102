// The Parquet file of one split, opened for reading ranges of rows into flat arrays. DuckDB decodes: a filter on
// the row number reads only the row groups it meets, in file order. Files are checked when opened (columns, types,
// number of rows) and ids as they are read, so that no later loop has to.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { connectDuckDB, type DuckDBLink } from '../data/duckdb.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { UserError, unknownName } from '../errors.js';
import { type NumberStatistics, numberInput } from '../schema/number-input.js';
import { rowColumns } from '../schema/schema.js';
import type { Trace } from '../team/trace.js';
import { copyBags } from './bag-columns.js';
import type { RowRange } from './epoch-order.js';
import { badId, type FieldColumn } from './field-column.js';
import type { RowArrays, RowsShape } from './row-arrays.js';

/** A split as the manifest describes it. */
export type Split = Manifest['splits'][number];

/** The split of that name. @throws UserError that lists those that exist */
export function splitOf(manifest: Manifest, name: string): Split {
  const split = manifest.splits.find((candidate) => candidate.name === name);
  if (split === undefined) {
    throw unknownName(
      'split',
      name,
      manifest.splits.map((candidate) => candidate.name),
    );
  }
  return split;
}

/** An open split file. One call of `read` at a time; `close` when done. */
export class SplitFile {
  private constructor(
    private readonly link: DuckDBLink,
    private readonly path: string,
    private readonly fields: readonly FieldColumn[],
    private readonly numbers: readonly NumberStatistics[],
    /** What a row has; `rows` are those of the split. */
    readonly shape: RowsShape,
    private readonly trace: Trace | null,
  ) {}

  /**
   * @param known (F), ids of each field that the reader knows; larger ones become 0, OOV. By default all
   * @param numbers what each numeric input is standardised by
   * @param trace notes when columns become rows
   * @throws UserError when the file is missing, damaged, or not what the manifest says
   */
  static async open(
    { dir, manifest }: EncodedDataset,
    split: Split,
    {
      known,
      numbers = [],
      trace = null,
    }: {
      known?: readonly number[] | undefined;
      numbers?: readonly NumberStatistics[] | undefined;
      trace?: Trace | null | undefined;
    } = {},
  ): Promise<SplitFile> {
    const path = join(dir, split.file);
    if (!existsSync(path)) {
      throw new UserError(`File '${path}' of split '${split.name}' is missing.`, 'prepare the data again');
    }
    const sizes = new Map(manifest.vocabularies.map(({ name, size }) => [name, size]));
    const fields = manifest.fields.map(({ name, vocabulary, bag }, field) => {
      const size = sizes.get(vocabulary) ?? 0;
      return { name, vocabulary, size, known: known?.[field] ?? size, isBag: bag !== undefined };
    });
    const shape: RowsShape = {
      rows: split.rows,
      fields: fields.length,
      numbers: numbers.length,
      hasBags: fields.some(({ isBag }) => isBag),
      hasWeights: manifest.hasWeight ?? false,
      hasGroups: manifest.hasGroup ?? false,
    };
    const file = new SplitFile(await connectDuckDB(), path, fields, numbers, shape, trace);
    try {
      await file.check(split);
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  private async check(split: Split): Promise<void> {
    const metadata = await this.query(
      `select num_rows from parquet_file_metadata(${quoted(this.path, "'")})`,
    );
    const rows = Number((await metadata.getRows())[0][0]);
    if (rows !== split.rows) {
      throw new UserError(
        `File '${this.path}' has ${rows} rows; the manifest says ${split.rows}.`,
        'prepare the data again',
      );
    }
    const types = (await this.query(`${this.selectColumns()} limit 0`)).columnTypes();
    types.forEach((type, column) => {
      const { name, type: expected } = this.columns()[column];
      if (String(type) !== expected) {
        throw new UserError(
          `Column '${name}' of '${this.path}' is ${type}, not ${expected}.`,
          'prepare the data again',
        );
      }
    });
  }

  /** Every column in the order of reading, with its type. */
  private columns(): { name: string; type: string }[] {
    return [
      { name: 'label', type: 'UTINYINT' },
      ...this.fields.map(({ name, isBag }) => ({ name, type: isBag ? 'UINTEGER[]' : 'UINTEGER' })),
      ...this.numbers.map(({ name }) => ({ name, type: 'DOUBLE' })),
      ...(this.shape.hasWeights ? [{ name: rowColumns.weight, type: 'FLOAT' }] : []),
      ...(this.shape.hasGroups ? [{ name: rowColumns.group, type: 'UINTEGER' }] : []),
    ];
  }

  /**
   * Reads a range of rows, in file order, to place `at` of the arrays. Where there are bags, ranges follow each other:
   * their ids stand behind those of the rows before.
   *
   * @throws UserError when the file is damaged, an id is outside its vocabulary, or a weight is not positive
   */
  async read(range: RowRange, at: number, arrays: RowArrays): Promise<void> {
    const end = range.first + range.count;
    const result = await this.query(
      `${this.selectColumns()} where file_row_number >= ${range.first} and file_row_number < ${end}`,
    );
    let read = 0;
    for (;;) {
      const chunk = await this.guard(result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) break;
      if (read + chunk.rowCount > range.count) throw this.wrongRows(range, read + chunk.rowCount);
      const began = performance.now();
      const place = at + read;
      const firstRow = range.first + read;
      this.copyLabels(chunk, firstRow, arrays.labels.subarray(place));
      if (this.shape.hasBags) {
        const columns = this.fields.map((_, field) => chunk.getColumnVector(field + 1));
        const { link, path } = this;
        copyBags(
          columns,
          this.fields,
          { duckdb: link.duckdb, path, firstRow, rows: chunk.rowCount },
          arrays,
          place,
        );
      } else this.copyIds(chunk, firstRow, arrays.ids.subarray(place * this.fields.length));
      this.copyOthers(chunk, firstRow, place, arrays);
      this.trace?.span('decode', began);
      read += chunk.rowCount;
    }
    if (read !== range.count) throw this.wrongRows(range, read);
  }

  private copyLabels(chunk: DuckDBDataChunk, firstRow: number, labels: Float32Array): void {
    const column = chunk.getColumnVector(0);
    for (let i = 0; i < chunk.rowCount; i++) {
      const label = column.getItem(i);
      if (label !== 0 && label !== 1) {
        throw new UserError(`Label ${label} in row ${firstRow + i} of '${this.path}' is neither 0 nor 1.`);
      }
      labels[i] = label;
    }
  }

  /** Turns columns into rows. The range of ids is looked at once per column of a chunk. */
  private copyIds(chunk: DuckDBDataChunk, firstRow: number, ids: Uint32Array): void {
    const rows = chunk.rowCount;
    const F = this.fields.length;
    for (let field = 0; field < F; field++) {
      const column = chunk.getColumnVector(field + 1);
      if (!(column instanceof this.link.duckdb.DuckDBUIntegerVector))
        throw new TypeError('ids are not UINTEGER');
      const { size, known } = this.fields[field];
      let largest = 0;
      for (let i = 0, at = field; i < rows; i++, at += F) {
        // NULL would be stored as 0, which is OOV: it must not pass for one.
        const id = column.getItem(i) ?? Number.POSITIVE_INFINITY;
        if (id > largest) largest = id;
        ids[at] = id < known ? id : 0;
      }
      if (largest < size) continue;
      const row = Array.from({ length: rows }, (_, i) => column.getItem(i)).findIndex(
        (id) => id === null || id >= size,
      );
      throw badId(column.getItem(row), this.fields[field], firstRow + row, this.path);
    }
  }

  /** Numbers, weights and groups. */
  private copyOthers(chunk: DuckDBDataChunk, firstRow: number, at: number, arrays: RowArrays): void {
    const { numbers, weights, groups } = arrays;
    let next = this.fields.length + 1;
    if (numbers) {
      const N = this.numbers.length;
      for (const [n, statistics] of this.numbers.entries()) {
        const column = chunk.getColumnVector(next++);
        for (let i = 0; i < chunk.rowCount; i++) {
          numbers[(at + i) * N + n] = numberInput(column.getItem(i) as number | null, statistics);
        }
      }
    }
    if (weights) {
      const column = chunk.getColumnVector(next++);
      for (let i = 0; i < chunk.rowCount; i++) {
        const weight = column.getItem(i) as number | null;
        if (!(weight !== null && weight > 0 && weight < Number.POSITIVE_INFINITY)) {
          throw new UserError(
            `Weight ${weight} in row ${firstRow + i} of '${this.path}' is not a positive number.`,
            'prepare the data again',
          );
        }
        weights[at + i] = weight;
      }
    }
    if (groups) {
      const column = chunk.getColumnVector(next++);
      for (let i = 0; i < chunk.rowCount; i++) groups[at + i] = Number(column.getItem(i));
    }
  }

  /** Stops a read that is under way; it rejects. */
  interrupt(): void {
    this.link.connection.interrupt();
  }

  close(): void {
    this.link.close();
  }

  private selectColumns(): string {
    const columns = this.columns().map(({ name }) => quoted(name, '"'));
    return `select ${columns.join(', ')} from read_parquet(${quoted(this.path, "'")}, file_row_number = true)`;
  }

  private query(sql: string): Promise<DuckDBResult> {
    return this.guard(this.link.connection.stream(sql));
  }

  private async guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new UserError(`File '${this.path}' cannot be read: ${reason}.`, 'prepare the data again');
    }
  }

  private wrongRows(range: RowRange, read: number): UserError {
    return new UserError(
      `File '${this.path}' gave ${read} rows where rows ${range.first} to ${range.first + range.count - 1} were asked for.`,
      'prepare the data again',
    );
  }
}

function quoted(text: string, quote: '"' | "'"): string {
  return quote + text.replaceAll(quote, quote + quote) + quote;
}
