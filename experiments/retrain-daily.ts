// What is lost by retraining daily instead of training on everything at once? Six periods of flights, one after the
// other. The first is prepared and trained on; each of the next four extends the data and continues the run. The model
// is then asked about the sixth, beside one that was trained on all five at once.
//
//   node dist/experiments/retrain-daily.js OUT [DAYS] [SEEDS]      DAYS: length of a period, default 7
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { datasets } from '../src/data/datasets/registry.js';
import { prepare } from '../src/data/prepare.js';
import { meanDeviation } from '../src/metrics/mean-deviation.js';
import { merge, resolveConfig } from '../src/runs/resolve-config.js';
import { evaluate } from '../src/scoring/evaluate.js';
import { train } from '../src/training/train.js';
import { readYaml } from './cells.js';

const PERIODS = 6;
const [out, days = '7', seeds = '3'] = process.argv.slice(2);
if (!out) throw new Error('usage: retrain-daily OUT [DAYS] [SEEDS]');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const base = readYaml('experiments/flights-reference.yaml');
const files = await writePeriods();
const all = await prepareAll();
const chain = await prepareChain();

console.log('| method | seed | one period after the other | all five at once | never retrained |');
console.log('| --- | --- | --- | --- | --- |');
for (const name of ['full', 'alpt'] as const) {
  const differences: number[] = [];
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const config = resolveConfig(merge(base, { method: { name, bits: 8 }, training: { seed, epochs: 1 } }));
    const runs = chain.trained.map((_, i) => join(out, `${name}-${seed}-period${i + 1}`));
    for (const [i, data] of chain.trained.entries()) {
      await train({ data, out: runs[i], config, from: i > 0 ? runs[i - 1] : undefined });
    }
    const whole = join(out, `${name}-${seed}-all`);
    await train({ data: all.trained, out: whole, config });
    const daily = await auc(runs[runs.length - 1], chain.asked);
    const atOnce = await auc(whole, all.asked);
    const never = await auc(runs[0], chain.asked);
    differences.push(daily - atOnce);
    const row = [daily, atOnce, never].map((value) => value.toFixed(5));
    console.log(`| ${name === 'full' ? name : `${name}:8`} | ${seed} | ${row.join(' | ')} |`);
    for (const run of [...runs, whole]) rmSync(run, { recursive: true });
  }
  const { mean, deviation } = meanDeviation(differences);
  console.log(
    `\n${name}: one after the other minus all at once ${mean?.toFixed(5)} ± ${deviation?.toFixed(5) ?? '–'}\n`,
  );
}

/** Of the sixth period no row was trained on; nine tenths of it are in the split `train` and `validation`. */
async function auc(run: string, data: string): Promise<number> {
  const { auc } = await evaluate({ run, data, split: 'train', checkpoint: 'last' });
  return auc ?? Number.NaN;
}

/** One Parquet file per period, from the first of January on. */
async function writePeriods(): Promise<string[]> {
  const [{ path }] = datasets.flights.inputs([]);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const written: string[] = [];
  for (let i = 0; i < PERIODS; i++) {
    const file = join(out, `period${i + 1}.parquet`);
    const start = (n: number) => `DATE '2001-01-01' + INTERVAL ${n * Number(days)} DAY`;
    await connection.run(
      `COPY (SELECT * FROM read_parquet('${path}') WHERE date >= ${start(i)} AND date < ${start(i + 1)} ORDER BY ALL)
       TO '${file}' (FORMAT parquet)`,
    );
    written.push(file);
  }
  connection.closeSync();
  return written;
}

async function prepareChain(): Promise<{ trained: string[]; asked: string }> {
  const made: string[] = [];
  for (const [i, file] of files.entries()) {
    const directory = join(out, `data${i + 1}`);
    const extend = i > 0 ? made[i - 1] : undefined;
    await prepare({ dataset: 'flights', input: [file], out: directory, extend });
    made.push(directory);
  }
  return { trained: made.slice(0, -1), asked: made[PERIODS - 1] };
}

async function prepareAll(): Promise<{ trained: string; asked: string }> {
  const trained = join(out, 'data-all');
  const asked = join(out, 'data-all-6');
  await prepare({ dataset: 'flights', input: files.slice(0, -1), out: trained });
  await prepare({ dataset: 'flights', input: files.slice(-1), out: asked, extend: trained });
  return { trained, asked };
}
