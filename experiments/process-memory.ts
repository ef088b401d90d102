// What a training's process has beside the memory that bitrow counts, for several shapes, and what processBytes says of
// them: an estimate from above, which the refusal of trainings without room rests on.
//
//   node dist/experiments/process-memory.js [--folder DIR]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseSetting, resolveConfig } from '../src/runs/resolve-config.js';
import type { TrainResult } from '../src/training/train.js';
import { trainingNeeds } from '../src/training/training-memory.js';
import { writeEncodedDataset } from '../test/encoded-dataset.js';

const { values } = parseArgs({ options: { folder: { type: 'string', default: tmpdir() } } });
const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const run = join(mkdtempSync(join(values.folder, 'bitrow-process-')), 'run');

/** Fields, rows, threads, and settings that differ from the defaults. */
const shapes: readonly [fields: number, rows: number, threads: number, settings: readonly string[]][] = [
  [10, 200_000, 1, []],
  [10, 200_000, 2, []],
  [10, 200_000, 4, []],
  [10, 200_000, 2, ['model.hidden=[16]']],
  [10, 100_000, 2, ['model.hidden=[1000, 1000, 1000]']],
  [10, 200_000, 2, ['training.microBatch=4096', 'training.batchSize=16384']],
  [39, 1_000_000, 2, ['model.hidden=[16]']],
];

console.log('| fields | rows | threads | settings | beside what is counted | estimated |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [fields, rows, threads, settings] of shapes) {
  const sizes = Array.from({ length: fields }, () => 1000);
  const { dir, manifest } = await writeEncodedDataset({ rows, sizes, rowGroupRows: 61_440 });
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  const all = ['method.name=lpt', 'training.epochs=1', ...settings];
  const args = ['train', '--data', dir, '--out', run, '--force', '--json', '--threads', String(threads)];
  const set = all.flatMap((setting) => ['--set', setting]);
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args, ...set], { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  if (stdout === '') throw new Error(stderr);
  const { memory } = JSON.parse(stdout) as TrainResult;
  const needs = trainingNeeds(resolveConfig(...all.map(parseSetting)), manifest, threads);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const cells = [fields, rows.toLocaleString('en-US'), threads, settings.join(', ') || '–'];
  console.log(
    `| ${[...cells, megabytes(memory.peakRss - memory.predicted.total), megabytes(needs.process)].join(' | ')} |`,
  );
}
rmSync(join(run, '..'), { recursive: true });
