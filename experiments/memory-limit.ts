// How much memory `prepare` takes: makes a CSV file three times as large as the limit, most of its values rare, encodes
// it in a process of its own, and prints the limit and the largest resident size that the system saw.
//
//   node dist/experiments/memory-limit.js [--limit 1GB] [--folder DIR] [--threads N]
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { parseMemory } from '../src/data/memory-limit.js';
import { peakOfProgram } from './peak-of-program.js';

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '1GB' },
    folder: { type: 'string', default: tmpdir() },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const limitBytes = parseMemory(values.limit);
const folder = mkdtempSync(join(values.folder, 'bitrow-memory-'));
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
/** What the process may take beside the limit. */
const allowanceBytes = 400e6;

try {
  const input = join(folder, 'rows.csv');
  await writeInput(input, 3 * limitBytes);
  const schema = join(folder, 'schema.yaml');
  writeFileSync(schema, `label: click = 1\nminCount: 2\nfields: [user, item, page, city, kind, hour]\n`);
  const began = performance.now();
  const { peakBytes, out, code } = await peakOfProgram([
    ...['prepare', 'csv', '--input', input, '--schema', schema, '--out', join(folder, 'encoded')],
    ...['--memory-limit', values.limit, '--threads', values.threads, '--json'],
  ]);
  const seconds = (performance.now() - began) / 1000;
  const result = JSON.parse(out) as { error?: string; splits: { rows: number }[]; tableRows: number };
  if (result.error !== undefined) throw new Error(result.error);
  const rows = result.splits.reduce((sum, split) => sum + split.rows, 0);
  console.log(
    `input ${megabytes(statSync(input).size)}, ${rows.toLocaleString('en-US')} rows, ${result.tableRows.toLocaleString('en-US')} table rows`,
  );
  console.log(
    `limit ${megabytes(limitBytes)}, peak ${megabytes(peakBytes)}, ${values.threads} threads, ${seconds.toFixed(0)} s`,
  );
  const isWithin = peakBytes <= limitBytes + allowanceBytes;
  console.log(isWithin ? 'within limit + 400 MB' : 'MORE than limit + 400 MB');
  process.exitCode = code === 0 && isWithin ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Rows of about 95 bytes: four columns with many values, most of them rare, one of them quoted. */
async function writeInput(path: string, bytes: number): Promise<void> {
  const rows = Math.ceil(bytes / 95);
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const connection = await instance.connect();
  const skewed = (seed: number, values: number) =>
    `CAST(floor(pow((hash(i + ${seed}::BIGINT * ${rows}) % 1000003) / 1000003.0, 3) * ${values}) AS BIGINT)`;
  await connection.run(`COPY (SELECT hash(i) % 5 = 0 AS clicked, CAST(hash(i) % 5 = 0 AS INTEGER) AS click,
      'user-' || md5(CAST(${skewed(1, rows)} AS VARCHAR)) AS "user", 'item ' || hash(${skewed(2, rows / 4)}) AS item,
      'page, ' || ${skewed(3, rows / 8)} AS page, 'city' || ${skewed(4, 20_000)} AS city, 'k' || hash(i) % 7 AS kind,
      hash(i) % 24 AS hour FROM range(${rows}) AS t(i)) TO '${path}' (FORMAT csv, HEADER)`);
  connection.closeSync();
  instance.closeSync();
}
