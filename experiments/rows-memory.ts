// Whether a training's memory grows with the rows of its data: the peak of the process over an epoch of 3 and of 30 million
// invented rows with the same vocabularies. Rows are read window by window, so it should not.
//
//   node dist/experiments/rows-memory.js [--folder DIR]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { TrainResult } from '../src/training/train.js';
import { writeEncodedDataset } from '../test/encoded-dataset.js';

const { values } = parseArgs({ options: { folder: { type: 'string', default: tmpdir() } } });
const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const run = join(mkdtempSync(join(values.folder, 'bitrow-rows-')), 'run');
const sizes = Array.from({ length: 10 }, (_, f) => 100 * 4 ** (f % 6));

const peaks: number[] = [];
for (const rows of [3_000_000, 30_000_000]) {
  const { dir, manifest } = await writeEncodedDataset({ rows, sizes, rowGroupRows: 61_440 });
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  const args = [
    'train',
    '--data',
    dir,
    '--out',
    run,
    '--force',
    '--json',
    '--method',
    'lpt',
    '--epochs',
    '1',
  ];
  const set = ['--set', 'model.hidden=[16]', '--checkpoint-minutes', 'never', '--threads', '2'];
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args, ...set], { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  if (stdout === '') throw new Error(stderr);
  const { memory, samplesPerSecond } = JSON.parse(stdout) as TrainResult;
  peaks.push(memory.peakRss);
  console.log(
    `${rows.toLocaleString('en-US')} rows: ${(memory.peakRss / 1e6).toFixed(0)} MB at the most, ${Math.round(samplesPerSecond).toLocaleString('en-US')} samples/s`,
  );
}
console.log(`ten times the rows take ${(peaks[1] / peaks[0]).toFixed(3)} times the memory`);
rmSync(join(run, '..'), { recursive: true });
