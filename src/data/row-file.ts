// A file of rows that people and other programs read: CSV with a header, JSON Lines, or Parquet. Rows are gathered out
// of core, beside the file's place, and written at the end; the file appears whole or not at all. Each row's number, from
// 0, comes first. Numbers read back in the same bits; an empty CSV cell is missing, as everywhere in bitrow.
import { mkdir, rm } from 'node:fs/promises';
import { identifier, literal } from '../schema/sql.js';
import { type Database, openDatabase } from './database.js';
import { writeAside } from './output-file.js';
import type { RowFormat } from './row-format.js';

/** A column, with its type in Parquet. */
export interface RowFileColumn {
  readonly name: string;
  readonly type: 'UTINYINT' | 'FLOAT' | 'DOUBLE' | 'VARCHAR';
}

/** The column that a file has of itself: the row's number. */
export const ROW_COLUMN = 'row';

export interface RowFileOptions {
  format: RowFormat;
  /** With names that differ from each other and from ROW_COLUMN, in more than case. */
  columns: readonly RowFileColumn[];
  threads: number;
  memoryBytes: number;
  signal?: AbortSignal | undefined;
}

/** The values of a block of rows, by column. */
export type RowFileBlock = readonly ArrayLike<number | string | null>[];

const copyOptions = {
  csv: 'FORMAT csv, HEADER true',
  jsonl: 'FORMAT json',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
} as const satisfies Record<RowFormat, string>;

/** Rows on their way into a file. */
export class RowFile {
  private constructor(
    private readonly database: Database,
    private readonly columns: readonly RowFileColumn[],
  ) {}

  /** Where other work for the same file may lie; removed with the rows. */
  get directory(): string {
    return this.database.directory;
  }

  /**
   * Writes the rows that `gather` appends, replacing what is at `path`.
   *
   * @throws whatever `gather` throws; nothing is left behind then
   * @example
   * const columns = [{ name: 'logit', type: 'FLOAT' }];
   * await RowFile.write('a.csv', { format: 'csv', columns, threads: 1, memoryBytes: 1e9 }, (f) => f.append([[1, 2]]));
   */
  static write<T>(path: string, options: RowFileOptions, gather: (file: RowFile) => Promise<T>): Promise<T> {
    const { format, columns, threads, memoryBytes, signal } = options;
    return writeAside(path, async (temporary) => {
      const directory = `${temporary}.work`;
      await mkdir(directory);
      try {
        const database = await openDatabase({ directory, output: path, threads, memoryBytes, signal });
        try {
          const file = new RowFile(database, columns);
          const declared = columns.map(({ name, type }) => `${identifier(name)} ${type}`);
          await database.run(`CREATE TABLE rows (${declared.join(', ')})`);
          const result = await gather(file);
          await file.copy(temporary, format);
          return result;
        } finally {
          database.close();
        }
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  }

  /** Appends the next rows: arrays of equal length, one for each column. */
  async append(block: RowFileBlock): Promise<void> {
    await this.database.append(
      'rows',
      block.map((values) => (Array.isArray(values) ? values : Array.from(values))),
    );
  }

  private async copy(path: string, format: RowFormat): Promise<void> {
    // A text says a FLOAT by as few digits as tell it from other FLOATs; most programs read a DOUBLE, and would get
    // another number. So texts have the digits of the DOUBLE.
    const type = (of: RowFileColumn['type']) => (of === 'FLOAT' && format !== 'parquet' ? 'DOUBLE' : of);
    const values = this.columns.map(
      ({ name, type: of }) => `CAST(${identifier(name)} AS ${type(of)}) AS ${identifier(name)}`,
    );
    const select = [`rowid AS ${ROW_COLUMN}`, ...values].join(', ');
    await this.database.run(`COPY (SELECT ${select} FROM rows) TO ${literal(path)} (${copyOptions[format]})`);
  }
}
