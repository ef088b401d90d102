// Kills a training of flights by SIGKILL at random moments, resumes it each time, and compares the end with a run that
// was left alone: every tensor of the best and the last model, optimizer state included, and the metrics but for times.
//
//   npm run build && node dist/experiments/kill-nine.js [kills] [seed]        by default 20 and 1; about two minutes
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { philox } from '../src/random/philox.js';
import { place } from '../src/runs/checkpoints.js';
import { RunDirectory } from '../src/runs/run-directory.js';
import { runProgram, startProgram } from '../test/program.js';
import { runContents } from '../test/run-contents.js';

const [kills = 20, seed = 1] = process.argv.slice(2).map(Number);
const ROWS = '100000';
/** How long a process may live: the shortest in milliseconds, the longest as a share of the undisturbed training. */
const SHORTEST = 200;
const LONGEST = 0.7;

const folder = mkdtempSync(join(tmpdir(), 'bitrow-kill-nine-'));
const data = join(folder, 'data');
const train = (run: string, ...more: string[]) => [
  ...['train', '--data', data, '--out', join(folder, run), '--epochs', '5', '--batch-size', '1024', '--json'],
  ...['--set', 'model.hidden=[64,64]', 'model.dropout=0.1', '--checkpoint-minutes', '0.02', ...more],
];

async function succeed(argv: readonly string[]): Promise<string> {
  const { code, out, err } = await runProgram(argv);
  if (code !== 0) throw new Error(`bitrow ${argv.join(' ')} ended with ${code}: ${err}`);
  return out;
}

/** 0 ≤ u < 1, by seed and number. */
function random(index: number): number {
  const words = new Uint32Array(4);
  philox(words, 0, seed, 0, index, 0, 0, 0);
  return words[0] / 2 ** 32;
}

/** What there is of a run: its newest checkpoint, and whether a file was being written. */
async function found(run: string): Promise<{ checkpoint: string; writing: string; savedAt: number | null }> {
  const path = join(folder, run);
  if (!existsSync(join(path, 'run.json'))) return { checkpoint: 'no run yet', writing: '', savedAt: null };
  const [newest] = (await RunDirectory.open(path)).checkpoints.all;
  const folders = [path, join(path, 'checkpoints')].filter((name) => existsSync(name));
  const partial = folders.flatMap((name) => readdirSync(name)).find((name) => name.endsWith('.partial'));
  return {
    checkpoint: newest ? place(newest) : 'none yet',
    writing: partial ?? '',
    savedAt: newest ? statSync(join(path, 'checkpoints', 'manifest.json')).mtimeMs : null,
  };
}

const cells = (...texts: string[]) =>
  [4, 9, 9, 21, 12, 0]
    .map((width, i) => (texts[i] ?? '').padEnd(width))
    .join('  ')
    .trimEnd();

try {
  await succeed(['prepare', 'flights', '--rows', ROWS, '--out', data]);
  const began = performance.now();
  await succeed(train('undisturbed'));
  const undisturbed = await runContents(join(folder, 'undisturbed'));
  const whole = performance.now() - began;
  console.log(`Undisturbed: ${(whole / 1000).toFixed(1)} s.\n`);
  console.log(cells('kill', 'run', 'lived', 'newest checkpoint', 'time lost', 'in the middle of writing'));

  let runs = 1;
  const finished: string[] = [];
  let lostInAll = 0;
  for (let kill = 1, life = 0; kill <= kills; life++) {
    const run = `killed-${runs}`;
    const program = startProgram(train(run, '--resume'));
    const ms = SHORTEST + random(life) * (LONGEST * whole - SHORTEST);
    const started = Date.now();
    const timer = setTimeout(() => program.kill('SIGKILL'), ms);
    const { signal, code, err } = await program.ended;
    clearTimeout(timer);
    if (signal !== 'SIGKILL') {
      if (code !== 0) throw new Error(`Resuming '${run}' ended with ${code}: ${err}`);
      finished.push(run);
      runs++;
      continue;
    }
    const { checkpoint, writing, savedAt } = await found(run);
    // Since the newest checkpoint, or since this process began where that one is older.
    const lost = (Date.now() - Math.max(savedAt ?? 0, started)) / 1000;
    lostInAll += lost;
    console.log(
      cells(`${kill}`, run, `${(ms / 1000).toFixed(2)} s`, checkpoint, `${lost.toFixed(2)} s`, writing),
    );
    kill++;
  }
  await succeed(train(`killed-${runs}`, '--resume'));
  finished.push(`killed-${runs}`);

  console.log(`\n${kills} kills, ${lostInAll.toFixed(1)} s of work lost, starting up included.`);
  let failures = 0;
  for (const run of finished) {
    const contents = await runContents(join(folder, run));
    const isEqual = JSON.stringify(contents) === JSON.stringify(undisturbed);
    if (!isEqual) failures++;
    const tensors = Object.keys(contents.best).length + Object.keys(contents.last).length - 2;
    console.log(
      `${run}: ${tensors} tensors and ${contents.metrics.length} lines of metrics: ${isEqual ? 'equal' : 'DIFFERENT'}`,
    );
  }
  process.exitCode = failures > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
