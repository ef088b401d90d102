// How long the program takes to say something: `bitrow --help`, beside Node.js that runs an empty program. What it loads for
// it is listed; none of it may be what only work needs.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Benchmark, spread } from './benchmark.js';
import { heavyPackages, loadedModules } from './loaded-modules.js';
import { rangeText } from './range-text.js';

const ROUNDS = 15;
const main = fileURLToPath(new URL('../cli/main.js', import.meta.url));

export const startup: Benchmark = {
  summary: 'start-up: bitrow --help beside an empty program, and what it loads',
  async run({ onProgress, signal }) {
    const { own, packages } = loadedModules(['--help']);
    const heavy = packages.filter((name) => heavyPackages.includes(name));
    if (heavy.length > 0) throw new Error(`bitrow --help loads ${heavy.join(', ')}.`);
    const ours: number[] = [];
    const empty: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      signal.throwIfAborted();
      const [help, nothing] = [timed([main, '--help']), timed(['--eval', '0'])];
      // The first fills the disk's cache.
      if (round === 0) continue;
      ours.push(help);
      empty.push(nothing);
      onProgress({ stage: 'startup', done: round, total: ROUNDS });
    }
    const [milliseconds, emptyMilliseconds] = [spread(ours), spread(empty)];
    const text = [
      `bitrow --help: ${rangeText(milliseconds, 0)} ms; an empty program: ${rangeText(emptyMilliseconds, 0)} ms`,
      `It loads ${own} modules of bitrow, and the packages ${packages.join(', ')}.`,
    ].join('\n');
    return { text, json: { milliseconds, emptyMilliseconds, ownModules: own, packages } };
  },
};

function timed(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - began;
}
