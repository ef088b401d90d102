// Every row of the flights' test split over HTTP, by several batchings and numbers of workers, in both protocols: the
// logits have to be those of `evaluate`, bit for bit. (docs/serving.md)
//
//   node dist/experiments/serving-parity.js DATA RUN [BUNDLE…]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../src/data/database.js';
import { flights } from '../src/data/datasets/flights.js';
import { readRawRows } from '../src/data/raw-rows.js';
import { evaluate, loadDataset, type RawRow } from '../src/index.js';
import { ServeProgram } from '../test/serve-program.js';
import { storedRows } from '../test/stored-rows.js';

const [data, run, ...bundles] = process.argv.slice(2);
const { manifest } = await loadDataset(data);
const total = manifest.splits.reduce((sum, { rows }) => sum + rows, 0);
const { logits: all } = await evaluate({ run, data, split: 'test' });
const wanted = storedRows(total, (row) => row % 10 === 9, manifest.seed);
const rows = await rawRows(new Map(wanted.map((row, i) => [row, i])));
console.log(`${rows.length} rows of the test split of ${data}`);

for (const path of [run, ...bundles]) {
  for (const [workers, batch, delay, size] of [
    [1, 1024, 0, 100],
    [2, 64, 1, 7],
    [2, 16, 0, 1],
  ]) {
    const options = ['--workers', workers, '--max-batch', batch, '--max-delay-ms', delay].map(String);
    const program = new ServeProgram([`model=${path}`, '--port', '0', ...options]);
    const address = await program.address();
    const predicted = await ask(size, (some) => logitsOf(`${address}/predict`, some, 'logits'));
    const inferred = await ask(size, (some) =>
      logitsOf(`${address}/v2/models/model/infer`, tensors(some), 'outputs'),
    );
    program.kill('SIGTERM');
    await program.ended;
    const differing = [predicted, inferred].map(
      (found) => all.filter((x, i) => !Object.is(x, found[i])).length,
    );
    console.log(
      `${path}, ${workers} workers, batches of ${batch}, delay ${delay} ms, ${size} rows a request: ${differing.join(' and ')} of ${all.length} logits differ (/predict and /infer)`,
    );
    if (differing.some((n) => n > 0) || predicted.length !== all.length) process.exitCode = 1;
  }
}

async function rawRows(places: ReadonlyMap<number, number>): Promise<RawRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bitrow-parity-'));
  const database = await openDatabase({ directory, output: directory, threads: 1, memoryBytes: 2 ** 30 });
  const columns = ['origin', 'destination', 'date', 'distance'];
  const found: RawRow[] = [];
  const blocks = readRawRows(flights.inputs([]), flights.format, {
    database,
    schema: flights.schema,
    columns,
  });
  for await (const block of blocks) {
    for (let i = 0; i < block.rows; i++) {
      const place = places.get(block.firstRow + i);
      if (place === undefined) continue;
      found[place] = Object.fromEntries(columns.map((name) => [name, block.columns.get(name)?.[i] ?? null]));
    }
    if (block.firstRow + block.rows >= total) break;
  }
  database.close();
  rmSync(directory, { recursive: true });
  return found;
}

/** Calls `of` for all rows, in requests of `size`, 50 at a time. */
async function ask(size: number, of: (some: readonly RawRow[]) => Promise<number[]>): Promise<number[]> {
  const found = new Array<number>(rows.length);
  let next = 0;
  const one = async () => {
    while (next < rows.length) {
      const at = next;
      next += size;
      for (const [i, x] of (await of(rows.slice(at, at + size))).entries()) found[at + i] = x;
    }
  };
  await Promise.all(Array.from({ length: 50 }, one));
  return found;
}

async function logitsOf(url: string, body: unknown, key: 'logits' | 'outputs'): Promise<number[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, never>;
  return key === 'logits' ? answer.logits : (answer.outputs as { data: number[] }[])[0].data;
}

/** As a client of the protocol has them: `distance` as numbers. */
function tensors(some: readonly RawRow[]) {
  const tensor = (name: string, datatype: string, cell: (row: RawRow) => unknown) => ({
    name,
    datatype,
    shape: [some.length],
    data: some.map(cell),
  });
  return {
    inputs: [
      ...['origin', 'destination', 'date'].map((name) => tensor(name, 'BYTES', (row) => row[name])),
      tensor('distance', 'INT64', (row) => (row.distance === null ? null : Number(row.distance))),
    ],
    outputs: [{ name: 'logit' }],
  };
}
