// `bitrow prepare flights`, beside DuckDB that only counts the values of the same vocabularies: what is to be known of the rows
// at the least. Both have the same threads and memory; the counts must be equal.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { flights } from '../data/datasets/flights.js';
import { connectDuckDB } from '../data/duckdb.js';
import type { Manifest } from '../data/manifest.js';
import { prepare as prepareData } from '../data/prepare.js';
import { literal } from '../schema/sql.js';
import { type Benchmark, spread } from './benchmark.js';
import { rangeText } from './range-text.js';

const ROUNDS = 3;
const MEMORY_BYTES = 4e9;

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

export const prepare: Benchmark = {
  summary: 'preparing flights, beside DuckDB only counting the same vocabularies',
  async run({ onProgress, signal }) {
    const threads = availableParallelism();
    const ours: number[] = [];
    const theirs: number[] = [];
    let rows = 0;
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      const directory = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
      try {
        const began = performance.now();
        const out = join(directory, 'flights');
        const manifest = await prepareData({
          dataset: 'flights',
          out,
          threads,
          memoryBytes: MEMORY_BYTES,
          signal,
          onProgress: ({ stage, done, total }) => onProgress({ stage: `prepare, ${stage}`, done, total }),
        });
        ours.push((performance.now() - began) / 1000);
        rows = manifest.input.reduce((sum, file) => sum + file.rows, 0);
        theirs.push(await countOnly(manifest, directory, threads));
      } finally {
        await rm(directory, { recursive: true });
      }
      onProgress({ stage: 'prepare', done: round + 1, total: ROUNDS });
    }
    const [seconds, duckdbSeconds] = [spread(ours), spread(theirs)];
    const ofDuckdb = seconds.median / duckdbSeconds.median;
    const text = [
      `flights, ${rows.toLocaleString('en-US')} rows, ${threads} threads: prepared in ${rangeText(seconds)} s, ${Math.round(rows / seconds.median).toLocaleString('en-US')} rows/s`,
      `DuckDB, counting the same vocabularies: ${rangeText(duckdbSeconds)} s; preparing takes ${ofDuckdb.toFixed(2)} times as long. The counts are equal.`,
    ].join('\n');
    return { text, json: { rows, threads, seconds, duckdbSeconds, ofDuckdb } };
  },
};

/** @returns seconds @throws Error unless every vocabulary has the manifest's size */
async function countOnly(manifest: Manifest, spill: string, threads: number): Promise<number> {
  const [file] = flights.inputs([]);
  const link = await connectDuckDB(':memory:', { threads, memoryBytes: MEMORY_BYTES, spill });
  try {
    const began = performance.now();
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
    return (performance.now() - began) / 1000;
  } finally {
    link.close();
  }
}

/** `origin_day_hour` → its parts; some names have an underscore themselves. */
function splitKeys(name: string): string[] {
  if (Object.hasOwn(parts, name)) return [name];
  return name.split('_');
}
