// Holds the prediction of memory against the memory that a training really takes: data whose table has R rows, so that
// every page of it is written, one epoch of `bitrow train` in a process of its own, and the largest resident size that
// the system saw of it, minus that of the same training on a table of 1,000 rows. The difference is to be that of the
// predictions, within 10 % and 32 MB; else it ends with 1.
//
//   node dist/experiments/peak-memory.js [--rows 2000000,20000000] [--variants full:adam,alpt:8:adam,lpt:8:rowwise-adagrad]
//        [--set path=value …] [--dim 16] [--threads 2] [--folder DIR]
//
// A variant is METHOD[:BITS]:OPTIMIZER[:STATE]. Every 16th row of the table is trained on, in an order far from
// ascending: with records of 256 bytes or less no page is without one. So rows are written in as many ranges as can be.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Manifest } from '../src/data/manifest.js';
import type { TrainResult } from '../src/training/train.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000,20000000' },
    variants: { type: 'string', default: 'full:adam,alpt:8:adam,lpt:8:rowwise-adagrad' },
    set: { type: 'string', multiple: true, default: [] },
    dim: { type: 'string', default: '16' },
    threads: { type: 'string', default: '2' },
    folder: { type: 'string', default: tmpdir() },
  },
});

/** Rows of the table of the run that is subtracted. */
const BASE_ROWS = 1000;
const FIELDS = 2;
/** Of so many neighbouring rows one is trained on. */
const STRIDE = 16;
const VALIDATION_ROWS = 20_000;
const TOLERANCE = { share: 0.1, bytes: 32e6 };

type Memory = TrainResult['memory'];

const folder = mkdtempSync(join(values.folder, 'bitrow-peak-'));
let isWithin = true;
try {
  console.log('| rows | variant | bytes of a row | predicted | measured | measured / predicted |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const rows of values.rows.split(',').map(Number)) {
    const samples = Math.ceil(rows / FIELDS / STRIDE);
    const data = { large: join(folder, 'large'), base: join(folder, 'base') };
    await writeData(data.large, samples, rows / FIELDS, STRIDE);
    await writeData(data.base, samples, BASE_ROWS / FIELDS, 1);
    for (const variant of values.variants.split(',')) {
      const base = await trainOnce(data.base, variant);
      const large = await trainOnce(data.large, variant);
      report(rows, variant, base, large);
    }
    for (const dir of Object.values(data)) rmSync(dir, { recursive: true });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isWithin ? 0 : 1;

function report(rows: number, variant: string, base: Memory, large: Memory): void {
  const predicted = large.predicted.total - base.predicted.total;
  const measured = large.peakRss - base.peakRss;
  const isClose = Math.abs(measured - predicted) <= TOLERANCE.share * predicted + TOLERANCE.bytes;
  isWithin &&= isClose;
  const { table, step, optimizer } = large.predicted;
  const cells = [
    rows.toLocaleString('en-US'),
    `\`${variant}\``,
    Math.round((table + step + optimizer) / rows),
    megabytes(predicted),
    megabytes(measured),
    `${(measured / predicted).toFixed(3)}${isClose ? '' : ' OUTSIDE 10 % + 32 MB'}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`;
}

/** Trains one epoch with the program, as a user does. */
async function trainOnce(data: string, variant: string): Promise<Memory> {
  const parts = variant.split(':');
  const [method] = parts;
  const bits = /^\d+$/.test(parts[1]) ? parts[1] : undefined;
  const [optimizer, state] = parts.slice(bits === undefined ? 1 : 2);
  const settings = [
    'model.hidden=[16]',
    `optimizer.name=${optimizer}`,
    ...(state === undefined ? [] : [`optimizer.state=${state}`]),
    ...values.set,
  ];
  const out = join(folder, 'run');
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const args = [
    ...['train', '--data', data, '--out', out, '--force', '--json', '--epochs', '1', '--batch-size', '8192'],
    ...['--dim', values.dim, '--threads', values.threads, '--method', method],
    ...(bits === undefined ? [] : ['--bits', bits]),
    ...settings.flatMap((setting) => ['--set', setting]),
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  rmSync(out, { recursive: true, force: true });
  if (code !== 0) throw new Error(`bitrow train --method ${method} ended with ${code}: ${text}`);
  return (JSON.parse(text) as TrainResult).memory;
}

/** A data set of two fields whose vocabularies have `size` ids; every `stride`-th of each occurs. */
async function writeData(dir: string, rows: number, size: number, stride: number): Promise<void> {
  mkdirSync(dir);
  const ids = Math.ceil(size / stride);
  // A prime that divides none of the sizes: i ↦ i · 7,919 mod ids visits every id once, far from its neighbour.
  const id = (field: number) =>
    `cast(least((((i + ${field}) * 7919) % ${ids}) * ${stride}, ${size - 1}) as uinteger)`;
  const columns = Array.from({ length: FIELDS }, (_, field) => `${id(field)} as "field ${field}"`);
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
  const connection = await instance.connect();
  const splits: Manifest['splits'] = [];
  for (const [name, count] of [
    ['train', rows],
    ['validation', VALIDATION_ROWS],
  ] as const) {
    const file = `${name}.parquet`;
    await connection.run(
      `copy (select cast(hash(i) % 3 = 0 as utinyint) as label, ${columns.join(', ')} from range(${count}) r(i))
       to '${join(dir, file)}' (format parquet, row_group_size 61440, compression snappy)`,
    );
    splits.push({ name, file, rows: count, positives: 0, rowGroupRows: 61_440, sha256: '' });
  }
  connection.closeSync();
  instance.closeSync();
  const fields = Array.from({ length: FIELDS }, (_, field) => `field ${field}`);
  const manifest: Manifest = {
    format: 'bitrow-dataset',
    version: 1,
    bitrow: '0.0.0',
    dataset: 'peak-memory',
    seed: 0,
    options: {},
    schema: {},
    fingerprint: dir,
    fields: fields.map((name) => ({ name, vocabulary: name })),
    vocabularies: fields.map((name) => ({
      name,
      size,
      file: '',
      sha256: '',
      // Training does not look into it, but links or copies it.
      index: { file: `${name}.index`, sha256: '' },
    })),
    splits,
    input: [],
  };
  for (const name of fields) writeFileSync(join(dir, `${name}.index`), '');
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
}
