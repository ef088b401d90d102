// The same training in PyTorch: DCN on fp32 rows, the same batches, first parameters and Adam, ours and two peers by turns in
// one run (bench/peers/dcn.py tells what they are). A loss that differs by more than the tolerance is an error, not a time.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../batch/reader.js';
import { loadDataset } from '../data/encoded-dataset.js';
import { Trainer } from '../training/trainer.js';
import type { Benchmark, BenchmarkOptions } from './benchmark.js';
import { spread } from './benchmark.js';
import { drawLosses } from './loss-figure.js';
import { writePeerProblem } from './peer-problem.js';
import { startPython } from './python-peer.js';
import { rangeText } from './range-text.js';
import { readBatchesOnce } from './read-batches.js';
import { shapeConfig, shapes } from './shapes.js';

const WARM_UP_STEPS = 4;
/** Of one contestant in a turn. */
const STEPS = 4;
const ROUNDS = 8;
/**
 * The most that a batch's loss may differ: sums have other orders, and after some steps weights differ in their last bits. A
 * wrong rate, correction or initial value shows at once, by far more.
 */
const TOLERANCE = 1e-3;
const kinds = ['usual', 'best'] as const;
const threadCounts = [1, 2] as const;

interface Contestant {
  name: string;
  threads: number;
  losses: number[];
  /** Samples/s of each turn. */
  rates: number[];
  /** Trains on batches first … first + steps − 1. */
  train(first: number, steps: number): Promise<{ seconds: number; losses: number[] }>;
  close(): Promise<void> | void;
}

export const peers: Benchmark = {
  summary:
    'training beside PyTorch, written as usual and as well as we could: the same DCN, batches and optimizer',
  async run(options) {
    const { shape, data, figure } = options;
    const dataset = await loadDataset(data);
    const config = shapeConfig(shape, { method: { name: 'full' } });
    const { batchSize } = config.training;
    const batches = await readBatchesOnce(dataset, batchSize, WARM_UP_STEPS + STEPS * ROUNDS);
    const directory = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
    const contestants: Contestant[] = [];
    try {
      for (const threads of threadCounts) {
        const trainer = new Trainer({ dataset, config, threads });
        contestants.push(ourselves(trainer, batches, threads));
        if (threads === threadCounts[0]) await writePeerProblem(directory, dataset, config, batches, trainer);
      }
      const { torch, reason } = await startPeers(contestants, directory, options);
      await takeTurns(contestants, batches.length, batchSize, options);
      const worst = verify(contestants);
      if (figure !== null) await writeFile(figure, await drawLosses(contestants, batchSize));
      return report(contestants, { shape, torch, reason, worst, figure });
    } finally {
      await Promise.all(contestants.map((contestant) => contestant.close()));
      await rm(directory, { recursive: true });
    }
  },
};

function ourselves(trainer: Trainer, batches: readonly Batch[], threads: number): Contestant {
  return {
    name: 'bitrow',
    threads,
    losses: [],
    rates: [],
    async train(first, steps) {
      const losses: number[] = [];
      const began = performance.now();
      await trainer.trainOn(batches.slice(first, first + steps), 1, (_, { loss }) => losses.push(loss));
      return { seconds: (performance.now() - began) / 1000, losses };
    },
    close: () => trainer.close(),
  };
}

/** Adds those that can be started. @returns PyTorch's version, or why there is none */
async function startPeers(
  contestants: Contestant[],
  directory: string,
  { python, onProgress, signal }: BenchmarkOptions,
): Promise<{ torch: string | null; reason: string }> {
  let torch: string | null = null;
  for (const threads of threadCounts) {
    for (const kind of kinds) {
      signal.throwIfAborted();
      onProgress({ stage: `starting PyTorch, ${kind}`, done: 0, total: 1 });
      const peer = await startPython(python, 'dcn.py', [kind, directory, String(threads)]);
      if (typeof peer === 'string') return { torch, reason: peer };
      torch = String(peer.hello.torch);
      contestants.push({
        name: `torch-${kind}${peer.hello.compiled === true ? ', compiled' : ''}`,
        threads,
        losses: [],
        rates: [],
        async train(first, steps) {
          const { seconds, losses } = await peer.ask({ first, steps });
          return { seconds: Number(seconds), losses: losses as number[] };
        },
        close: peer.close,
      });
    }
  }
  return { torch, reason: '' };
}

async function takeTurns(
  contestants: readonly Contestant[],
  batches: number,
  batchSize: number,
  { onProgress, signal }: BenchmarkOptions,
): Promise<void> {
  for (let first = 0; first < batches; ) {
    const isWarmUp = first === 0;
    const steps = isWarmUp ? WARM_UP_STEPS : Math.min(STEPS, batches - first);
    for (const { train, losses, rates } of contestants) {
      signal.throwIfAborted();
      const turn = await train(first, steps);
      losses.push(...turn.losses);
      if (!isWarmUp) rates.push((steps * batchSize) / turn.seconds);
    }
    first += steps;
    onProgress({ stage: 'peers', done: first, total: batches });
  }
}

/** @returns the largest difference of a batch's loss from ours @throws Error when it is above the tolerance */
function verify([ours, ...others]: readonly Contestant[]): number {
  let worst = 0;
  for (const { name, threads, losses } of others) {
    for (const [i, loss] of losses.entries()) {
      const difference = Math.abs(loss - ours.losses[i]);
      worst = Math.max(worst, difference);
      const allowed = name === ours.name ? 0 : TOLERANCE;
      if (difference <= allowed) continue;
      throw new Error(
        `${name} on ${threads} threads has a loss of ${loss} in step ${i + 1}, bitrow on one ${ours.losses[i]} (allowed: ${allowed}): not the same training.`,
      );
    }
  }
  return worst;
}

function report(
  contestants: readonly Contestant[],
  {
    shape,
    torch,
    reason,
    worst,
    figure,
  }: {
    shape: keyof typeof shapes;
    torch: string | null;
    reason: string;
    worst: number;
    figure: string | null;
  },
) {
  const rows = contestants.map(({ name, threads, rates, losses }) => {
    const ours = contestants.find((other) => other.name === 'bitrow' && other.threads === threads);
    // Of the same round: what else the machine does hits both.
    const times = ours && spread(ours.rates.map((rate, i) => rate / rates[i]));
    return { name, threads, samplesPerSecond: spread(rates), bitrowIs: times ?? null, losses };
  });
  const text = [
    `shape ${shape}: DCN, B = ${shapes[shape].batchSize}, MLP ${shapes[shape].hidden.join(', ')}, rows fp32, Adam`,
    'training                 threads   samples/s (quartiles)         bitrow is (quartiles)',
    ...rows.map(({ name, threads, samplesPerSecond, bitrowIs }) => {
      const times = bitrowIs && name !== 'bitrow' ? `${rangeText(bitrowIs, 2)} times as fast` : '';
      return `${name.padEnd(25)}${String(threads).padStart(6)}   ${rangeText(samplesPerSecond, 0).padEnd(28)}  ${times}`;
    }),
    torch === null
      ? `PyTorch is left out: ${reason}; --python names another.`
      : `PyTorch ${torch}. Largest difference of a batch's loss from ours: ${worst.toExponential(1)} (allowed: ${TOLERANCE}).`,
    ...(figure === null ? [] : [`The losses of all are drawn in ${figure}.`]),
  ].join('\n');
  return { text, json: { shape, torch, tolerance: TOLERANCE, largestDifference: worst, rows } };
}
