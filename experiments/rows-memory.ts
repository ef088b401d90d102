// Whether a training's memory grows with the rows of its data: the peak of the process over ten epochs of 3 million invented
// rows and one of 30 million, with the same vocabularies. Rows are read window by window, so it should not. Both take the same
// batches, since a process that runs for longer has a larger peak: after one epoch of 3 million it is printed too.
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
for (const [rows, epochs] of [
  [3_000_000, 1],
  [3_000_000, 10],
  [30_000_000, 1],
]) {
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
    String(epochs),
  ];
  const set = [
    '--set',
    'model.hidden=[16]',
    '--set',
    'training.patience=10',
    '--checkpoint-minutes',
    'never',
    '--threads',
    '2',
  ];
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args, ...set], { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  if (stdout === '') throw new Error(stderr);
  const { memory, samplesPerSecond } = JSON.parse(stdout) as TrainResult;
  peaks.push(memory.peakRss);
  console.log(
    `${rows.toLocaleString('en-US')} rows, ${epochs} epochs: ${(memory.peakRss / 1e6).toFixed(0)} MB at the most, ${Math.round(samplesPerSecond).toLocaleString('en-US')} samples/s`,
  );
}
console.log(
  `ten times the rows take ${(peaks[2] / peaks[1]).toFixed(3)} times the memory over as many batches`,
);
rmSync(join(run, '..'), { recursive: true });
