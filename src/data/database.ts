// One DuckDB for one piece of work: tables in memory, what does not fit there in a directory that its owner removes,
// stoppable, with a fraction done while a statement runs. Its settings are in duckdb.ts.
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { connectDuckDB } from './duckdb.js';

export interface DatabaseOptions {
  /** A directory of its own, for tables and for what does not fit in memory. */
  directory: string;
  /** What the work is for, as sentences about a full disk call it. Default: the directory. */
  output?: string | undefined;
  threads: number;
  memoryBytes: number;
  signal?: AbortSignal | undefined;
}

export interface Database {
  /** Where it lies; a place for other files of the same work. */
  directory: string;
  /** Runs statements. `onFraction` hears now and then how much of a long one is done, 0 to 1. */
  run(sql: string, onFraction?: (fraction: number) => void): Promise<void>;
  /** Runs a query with a small result. Whole numbers come as bigint or number, texts as string. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Runs a query with a large result: some thousand rows at a time, as columns. Texts come as string, blobs as
   * objects with `bytes`. While it is under way nothing else may run. */
  stream(sql: string): AsyncGenerator<(readonly unknown[])[]>;
  /** Appends rows to a table, given as columns of equal length. */
  append(table: string, columns: readonly (readonly DuckDBValue[])[]): Promise<void>;
  close(): void;
}

/** Rows that DuckDB takes at once. */
const chunkRows = 2048;
const pollMs = 200;

/** Opens a fresh database. Statements reject with the signal's reason once it is aborted. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { directory, threads, memoryBytes, signal } = options;
  const { duckdb, connection, close } = await connectDuckDB(':memory:', {
    threads,
    memoryBytes,
    spill: join(directory, 'spill'),
    more: { preserve_insertion_order: 'true' },
  });
  // Joins are done as they are written: tables of values are what rows are looked up in.
  await connection.run(`SET disabled_optimizers = 'join_order,build_side_probe_side';
    SET enable_progress_bar = true; SET enable_progress_bar_print = false`);
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt);

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw diskFull(error, options.output ?? directory) ?? outOfMemory(error) ?? error;
    }
  }

  return {
    directory,
    run: (sql, onFraction) =>
      guarded(async () => {
        const report = () => {
          const { percentage } = connection.progress;
          if (percentage > 0) onFraction?.(Math.min(percentage / 100, 1));
        };
        const timer = onFraction && setInterval(report, pollMs);
        try {
          await connection.run(sql);
        } finally {
          clearInterval(timer);
        }
      }),
    query: (sql) => guarded(async () => (await connection.runAndReadAll(sql)).getRowObjectsJS()),
    async *stream(sql) {
      const result = await guarded(() => connection.stream(sql));
      for (;;) {
        const chunk = await guarded(() => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        yield chunk.getColumns();
      }
    },
    append: (table, columns) =>
      guarded(async () => {
        const appender = await connection.createAppender(table);
        const types = columns.map((_, i) => appender.columnType(i));
        for (let first = 0; first < columns[0].length; first += chunkRows) {
          const rows = Math.min(chunkRows, columns[0].length - first);
          const chunk = duckdb.DuckDBDataChunk.create(types, rows);
          chunk.setColumns(columns.map((values) => values.slice(first, first + rows)));
          appender.appendDataChunk(chunk);
        }
        appender.closeSync();
      }),
    close() {
      signal?.removeEventListener('abort', interrupt);
      close();
    },
  };
}

/** A disk (or what a process may write of it) that is full, as whoever wrote found it. */
export function diskFull(error: unknown, output: string): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const known =
    /No space left on device|File too large|Disk quota exceeded|ENOSPC|EFBIG|EDQUOT|max_temp_directory_size/;
  const reason = known.exec(error.message)?.[0];
  if (reason === undefined) return undefined;
  return new UserError(
    `The disk is full: ${reason} while writing '${output}'.`,
    'free some space, or choose an --out on another disk; nothing is left of this attempt',
  );
}

function outOfMemory(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith('Out of Memory Error')) return undefined;
  const detail = error.message.split('\n')[0]?.replace('Out of Memory Error: ', '') ?? '';
  return new UserError(
    `The memory limit is too low (${detail}).`,
    'raise --memory-limit, or lower --threads',
  );
}
