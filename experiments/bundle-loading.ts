// How long it takes until a bundle of a gigabyte is ready, beside what `sha256sum` of its files takes: makes one, of invented
// values, and does both by turns, its files in the page cache.
//
//   node dist/experiments/bundle-loading.js [--folder DIR] [--rows 19000000] [--times 5]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBundle } from '../src/exporting/bundle.js';
import { open } from '../src/index.js';
import { resolveConfig } from '../src/runs/resolve-config.js';
import { openRun } from '../src/scoring/open-run.js';
import { inventedValue, inventRun } from '../test/invented-run.js';

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    rows: { type: 'string', default: '19000000' },
    times: { type: 'string', default: '5' },
  },
});
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'bitrow-loading-'));
const [run, bundle] = [join(folder, 'run'), join(folder, 'bundle')];
const rows = Number(values.rows);
const seconds = (began: number) => (performance.now() - began) / 1000;
const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1];

try {
  if (!existsSync(bundle)) {
    const config = resolveConfig({ model: { dim: 16 }, method: { name: 'alpt', bits: 8 } });
    const fields = [0.6, 0.3, 0.09, 0.01].map((share) => Math.round(share * rows));
    await inventRun(run, config, fields);
    const began = performance.now();
    await writeBundle(await openRun(run, 'best', 1, { ignoreLimits: true }), bundle);
    console.log(`written in ${seconds(began).toFixed(1)} s`);
    rmSync(run, { recursive: true });
  }
  const files = readdirSync(bundle, { recursive: true, encoding: 'utf8' })
    .map((name) => join(bundle, name))
    .filter((path) => statSync(path).isFile());
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  const sums: number[] = [];
  const opened: number[] = [];
  for (let i = 0; i <= Number(values.times); i++) {
    let began = performance.now();
    execFileSync('sha256sum', files);
    const sum = seconds(began);
    began = performance.now();
    const model = await open(bundle, { ignoreLimits: true });
    const { logits } = await model.predict([{ f0: inventedValue(0, 5), f1: '', f2: 'x', f3: null }]);
    const ready = seconds(began);
    if (!Number.isFinite(logits[0])) throw new Error('no logit');
    await model.close();
    // The first one fills the page cache.
    if (i === 0) continue;
    sums.push(sum);
    opened.push(ready);
  }
  const [sum, ready] = [median(sums), median(opened)];
  console.log(
    `${(bytes / 1e9).toFixed(2)} GB in ${files.length} files, ${availableParallelism()} processors, medians of ${sums.length}:`,
  );
  console.log(`  sha256sum           ${sum.toFixed(2)} s  (${(bytes / 1e9 / sum).toFixed(2)} GB/s)`);
  console.log(`  open and one row    ${ready.toFixed(2)} s  (${(ready / sum).toFixed(2)} times as long)`);
  console.log(
    `  all: ${JSON.stringify({ sums, opened }, (_, x) => (typeof x === 'number' ? Number(x.toFixed(2)) : x))}`,
  );
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
