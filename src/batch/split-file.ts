// The Parquet file of one split, opened for reading ranges of rows into flat arrays. DuckDB decodes: a filter on
// the row number reads only the row groups it meets, in file order. Files are checked when opened (columns, types,
// number of rows) and ids as they are read, so that no later loop has to.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBResult } from '@duckdb/node-api';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { UserError, unknownName } from '../errors.js';
import type { RowRange } from './epoch-order.js';

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

type DuckDB = typeof import('@duckdb/node-api');

/** An open split file. One call of `read` at a time; `close` when done. */
export class SplitFile {
  private constructor(
    private readonly duckdb: DuckDB,
    private readonly path: string,
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    private readonly fields: readonly { name: string; size: number; known: number; vocabulary: string }[],
  ) {}

  /**
   * @param known (F), ids of each field that the reader knows; larger ones become 0, OOV. By default all
   * @throws UserError when the file is missing, damaged, or not what the manifest says
   */
  static async open(
    { dir, manifest }: EncodedDataset,
    split: Split,
    known?: readonly number[],
  ): Promise<SplitFile> {
    const path = join(dir, split.file);
    if (!existsSync(path)) {
      throw new UserError(`File '${path}' of split '${split.name}' is missing.`, 'prepare the data again');
    }
    const sizes = new Map(manifest.vocabularies.map(({ name, size }) => [name, size]));
    const fields = manifest.fields.map(({ name, vocabulary }, field) => {
      const size = sizes.get(vocabulary) ?? 0;
      return { name, vocabulary, size, known: known?.[field] ?? size };
    });
    // Loaded here and not before: a process that only scores rows in memory needs no DuckDB.
    const duckdb = await import('@duckdb/node-api');
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: '512MB',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    const file = new SplitFile(duckdb, path, instance, connection, fields);
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
    const { DuckDBTypeId } = this.duckdb;
    const types = (await this.query(`${this.selectColumns()} limit 0`)).columnTypes();
    types.forEach((type, column) => {
      const name = column === 0 ? 'label' : this.fields[column - 1].name;
      const expected = column === 0 ? DuckDBTypeId.UTINYINT : DuckDBTypeId.UINTEGER;
      if (type.typeId !== expected) {
        throw new UserError(
          `Column '${name}' of '${this.path}' is ${type}, not ${DuckDBTypeId[expected]}.`,
          'prepare the data again',
        );
      }
    });
  }

  /**
   * Reads a range of rows, in file order, to place `at` of the buffers.
   *
   * @param ids (rows, F), local to each field's vocabulary
   * @param labels (rows)
   * @throws UserError when the file is damaged or an id is outside its vocabulary
   */
  async read(range: RowRange, at: number, ids: Uint32Array, labels: Float32Array): Promise<void> {
    const end = range.first + range.count;
    const result = await this.query(
      `${this.selectColumns()} where file_row_number >= ${range.first} and file_row_number < ${end}`,
    );
    let read = 0;
    for (;;) {
      const chunk = await this.guard(result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) break;
      if (read + chunk.rowCount > range.count) throw this.wrongRows(range, read + chunk.rowCount);
      this.copyLabels(chunk, range.first + read, labels.subarray(at + read));
      this.copyIds(chunk, range.first + read, ids.subarray((at + read) * this.fields.length));
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
      if (!(column instanceof this.duckdb.DuckDBUIntegerVector)) throw new TypeError('ids are not UINTEGER');
      const { name, size, known, vocabulary } = this.fields[field];
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
      const id = column.getItem(row);
      const place = `field '${name}' in row ${firstRow + row} of '${this.path}'`;
      throw new UserError(
        id === null
          ? `An id is NULL: ${place}.`
          : `Row ${id} is outside vocabulary '${vocabulary}' (rows 0 to ${size - 1}): ${place}.`,
        'prepare the data again',
      );
    }
  }

  /** Stops a read that is under way; it rejects. */
  interrupt(): void {
    this.connection.interrupt();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private selectColumns(): string {
    const columns = ['label', ...this.fields.map(({ name }) => name)].map((name) => quoted(name, '"'));
    return `select ${columns.join(', ')} from read_parquet(${quoted(this.path, "'")}, file_row_number = true)`;
  }

  private query(sql: string): Promise<DuckDBResult> {
    return this.guard(this.connection.stream(sql));
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
