// What DuckDB alone takes for parts of `prepare flights`: to count the values of all vocabularies, and to bring rows with as many
// columns into the stored order and write them, with no value looked up. Less than the two together nothing can take that leaves
// the counting, the order and the files to DuckDB.
import { join } from 'node:path';
import { flights } from '../data/datasets/flights.js';
import { connectDuckDB } from '../data/duckdb.js';
import { type Manifest, splitNames } from '../data/manifest.js';
import { hashSql, orderSql, splitSql } from '../data/split.js';
import { rowGroupRows } from '../data/write.js';
import { literal } from '../schema/sql.js';
import { type Elapsed, stopwatch } from './stopwatch.js';

export interface FloorOptions {
  threads: number;
  memoryBytes: number;
  /** A directory for files, which its owner removes. */
  directory: string;
}

/** The parts of which all fields of flights are made, as anyone would write them. */
const parts: Record<string, string> = {
  origin: 'origin',
  destination: 'destination',
  hour: 'hour(date)',
  weekday: 'dayofweek(date)',
  is_weekend: 'dayofweek(date) IN (0, 6)',
  month: 'month(date)',
  day: 'CAST(date AS DATE)',
  hhmm: 'hour(date) * 100 + minute(date)',
  distance_bucket: 'CASE WHEN distance > 2 THEN CAST(floor(ln(distance) ** 2) AS INTEGER) ELSE distance END',
};

/** @throws Error unless every vocabulary has the manifest's size */
export async function countOnly(manifest: Manifest, options: FloorOptions): Promise<Elapsed> {
  const [file] = flights.inputs([]);
  const link = await connectDuckDB(':memory:', { ...options, spill: options.directory });
  try {
    const elapsed = stopwatch();
    const columns = Object.entries(parts).map(([name, sql]) => `${sql} AS ${name}`);
    await link.connection.run(
      `CREATE TABLE rows AS SELECT ${columns.join(', ')} FROM read_parquet(${literal(file.path)}, file_row_number = true) WHERE file_row_number % 10 < 8`,
    );
    for (const { name, value } of flights.schema.fields) {
      const keys = value.kind === 'cross' ? name.replace('route', 'origin_destination') : name;
      const list = splitKeys(keys);
      const result = await link.connection.runAndReadAll(
        `SELECT count(*) FROM (SELECT ${list.join(', ')} FROM rows GROUP BY ALL HAVING count(*) >= ${flights.minCount})`,
      );
      const found = Number(result.getRows()[0][0]) + 1;
      const size = manifest.vocabularies.find((vocabulary) => vocabulary.name === name)?.size;
      if (found !== size) throw new Error(`'${name}' has ${size} values, ${found} by DuckDB.`);
    }
    return elapsed();
  } finally {
    link.close();
  }
}

/** @throws Error unless every split has the manifest's rows */
export async function orderAndWriteOnly(
  { seed, splits, vocabularies }: Manifest,
  options: FloorOptions,
): Promise<Elapsed> {
  const [file] = flights.inputs([]);
  const { connection, close } = await connectDuckDB(':memory:', { ...options, spill: options.directory });
  try {
    const ids = vocabularies.map(
      ({ size }, i) => `CAST(hash(file_row_number + ${i}) % ${size} AS UINTEGER) AS c${i}`,
    );
    await connection.run(
      `CREATE TABLE made AS SELECT file_row_number AS row, CAST(delay > 15 AS UTINYINT) AS label, ${ids.join(', ')}
       FROM read_parquet(${literal(file.path)}, file_row_number = true)`,
    );
    const elapsed = stopwatch();
    const split = splitSql('modulus', { row: 'row', hash: '' });
    await connection.run(
      `CREATE TABLE ordered AS SELECT ${split} AS split, * EXCLUDE (row) FROM made
       ORDER BY split, ${orderSql(hashSql(seed, 'row'))}, row`,
    );
    for (const { name, rows } of splits) {
      const result = await connection.runAndReadAll(
        `COPY (SELECT * EXCLUDE (split) FROM ordered WHERE split = ${splitNames.indexOf(name)})
         TO ${literal(join(options.directory, `made-${name}.parquet`))}
         (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${rowGroupRows})`,
      );
      const written = Number(result.getRows()[0][0]);
      if (written !== rows) throw new Error(`The split '${name}' has ${rows} rows, DuckDB wrote ${written}.`);
    }
    return elapsed();
  } finally {
    close();
  }
}

/** `origin_day_hour` → its parts; some names have an underscore themselves. */
function splitKeys(name: string): string[] {
  if (Object.hasOwn(parts, name)) return [name];
  return name.split('_');
}
