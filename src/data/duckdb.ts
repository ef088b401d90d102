// A connection to DuckDB, and how it is set wherever bitrow uses it: never fetching an extension, points in time by
// the clock of UTC. DuckDB is loaded by the first connection and not before, so that a process that only scores rows in
// memory needs none. Nothing outside data/ and batch/ sees it.
import type { DuckDBConnection } from '@duckdb/node-api';

export type DuckDB = typeof import('@duckdb/node-api');

export interface DuckDBLink {
  readonly duckdb: DuckDB;
  readonly connection: DuckDBConnection;
  /** Closes the connection and its database. */
  close(): void;
}

/** What differs from one use to another, as DuckDB's options. */
export interface DuckDBSettings {
  threads: number;
  memoryBytes: number;
  /** For what does not fit in memory; empty for nowhere. */
  spill: string;
  more?: Record<string, string>;
}

/** For reading one file from beginning to end. */
const readingSettings: DuckDBSettings = { threads: 1, memoryBytes: 512e6, spill: '' };

/** Connects to a database at `place`, or by default to none, for reading files. */
export async function connectDuckDB(
  place = ':memory:',
  { threads, memoryBytes, spill, more = {} }: DuckDBSettings = readingSettings,
): Promise<DuckDBLink> {
  const duckdb = await import('@duckdb/node-api');
  const instance = await duckdb.DuckDBInstance.create(place, {
    threads: String(threads),
    memory_limit: `${Math.floor(memoryBytes / 1000)}KB`,
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...more,
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    duckdb,
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
