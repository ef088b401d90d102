// One DuckDB for one piece of work: out of core below a directory that its owner removes, never fetching an
// extension, stoppable, with a fraction done while a statement runs. Nothing outside data/ and batch/ sees DuckDB.
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { UserError } from '../errors.js';

export interface DatabaseOptions {
  /** A directory of its own, for tables and for what does not fit in memory. */
  directory: string;
  threads: number;
  memoryBytes: number;
  signal?: AbortSignal | undefined;
}

export interface Database {
  /** Runs statements. `onFraction` hears now and then how much of a long one is done, 0 to 1. */
  run(sql: string, onFraction?: (fraction: number) => void): Promise<void>;
  /** Runs a query with a small result. Whole numbers come as bigint or number, texts as string. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Runs a query whose result may be of any size: its columns of numbers, part by part, in the order of the rows. */
  stream(sql: string): AsyncGenerator<(number | null)[][]>;
  close(): void;
}

const pollMs = 200;

/** Opens a fresh database. Statements reject with the signal's reason once it is aborted. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { directory, threads, memoryBytes, signal } = options;
  const instance = await DuckDBInstance.create(join(directory, 'work.duckdb'), {
    threads: String(threads),
    memory_limit: `${Math.floor(memoryBytes / 1000)}KB`,
    temp_directory: join(directory, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // The work is thrown away on any failure: nothing needs to be recovered from a log.
    checkpoint_threshold: '1TB',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  await connection.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false');
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt);

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw outOfMemory(error) ?? error;
    }
  }

  return {
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
        yield chunk.getColumns() as (number | null)[][];
      }
    },
    close() {
      signal?.removeEventListener('abort', interrupt);
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function outOfMemory(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !error.message.startsWith('Out of Memory Error')) return undefined;
  const detail = error.message.split('\n')[0]?.replace('Out of Memory Error: ', '') ?? '';
  return new UserError(
    `The memory limit is too low (${detail}).`,
    'raise --memory-limit, or lower --threads',
  );
}
