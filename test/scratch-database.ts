// A DuckDB of a test file's own, in a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../src/data/database.js';

/** To be called in `beforeAll`, which `close` is returned from. */
export async function scratchDatabase(): Promise<{ database: Database; close: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'bitrow-database-'));
  const database = await openDatabase({ directory, threads: 1, memoryBytes: 5e8 });
  return {
    database,
    close() {
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}
