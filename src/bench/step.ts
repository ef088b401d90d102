// A training step on real batches: `full` and `alpt` at 8 bits, with one and with two threads, taking turns. Batches
// are read before; planning them is part of the step. B = 4,096, D = 16, DCN with 3 cross layers and an MLP of 3×200.
import { type Batch, readBatches } from '../batch/reader.js';
import { type EncodedDataset, loadDataset } from '../data/encoded-dataset.js';
import { resolveConfig } from '../runs/resolve-config.js';
import { Trainer } from '../training/trainer.js';
import { type Benchmark, type BenchmarkOptions, type Spread, spread } from './benchmark.js';
import { createSgemm } from './sgemm.js';

const ROUNDS = 12;
/** Steps of one contestant in a round; the first of them refills the caches and is not counted. */
const STEPS = 6;
const WARM_UP_STEPS = 10;
const cases = ['full', 'alpt'].flatMap((method) => [1, 2].map((threads) => ({ method, threads })));

/** Useful flops of a row in the MLP: three products a layer, and for ALPT's second pass two more. */
const productsPerLayer: Record<string, number> = { full: 3, alpt: 5 };

interface Contestant {
  method: string;
  threads: number;
  trainer: Trainer;
  losses: number[];
  stepMs: number[];
  /** Share of all threads' time outside the network's runs, per round. */
  overheads: number[];
}

export const step: Benchmark = {
  summary: 'training steps: alpt against full, two threads against one, GEMM rate against sgemm',
  async run(options) {
    const dataset = await loadDataset(options.data);
    const batches = await readSome(dataset, WARM_UP_STEPS + STEPS * ROUNDS);
    const contestants = cases.map(
      ({ method, threads }): Contestant => ({
        method,
        threads,
        trainer: new Trainer({ dataset, config: configOf(method), threads }),
        losses: [],
        stepMs: [],
        overheads: [],
      }),
    );
    const sgemm = await createSgemm();
    try {
      const gemmRates = await measure(contestants, batches, sgemm.run, options);
      return report(contestants, gemmRates, dataset.manifest.fields.length);
    } finally {
      await sgemm.close();
      await Promise.all(contestants.map(({ trainer }) => trainer.close()));
    }
  },
};

function configOf(method: string) {
  return resolveConfig({
    model: { dim: 16, crossLayers: 3, hidden: [200, 200, 200] },
    method: { name: method, bits: 8 },
    training: { batchSize: 4096 },
  });
}

async function readSome(dataset: EncodedDataset, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  const order = { seed: 1, epoch: 1 };
  for await (const batch of readBatches(dataset, { split: 'train', batchSize: 4096, order })) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

/** Warms up and verifies, then lets all take turns. @returns sgemm's GFLOP/s, one per round */
async function measure(
  contestants: readonly Contestant[],
  batches: readonly Batch[],
  sgemm: () => Promise<number>,
  { onProgress, signal }: BenchmarkOptions,
): Promise<number[]> {
  for (const contestant of contestants) await train(contestant, batches.slice(0, WARM_UP_STEPS), signal);
  verify(contestants);
  for (const contestant of contestants) contestant.stepMs.length = 0;
  const rates: number[] = [];
  const rounds = Math.floor((batches.length - WARM_UP_STEPS) / STEPS);
  for (let round = 0; round < rounds; round++) {
    const from = WARM_UP_STEPS + round * STEPS;
    for (const contestant of contestants) await train(contestant, batches.slice(from, from + STEPS), signal);
    rates.push(await sgemm());
    onProgress({ stage: 'step', done: round + 1, total: rounds });
  }
  verify(contestants);
  return rates;
}

async function train(contestant: Contestant, batches: readonly Batch[], signal: AbortSignal): Promise<void> {
  const { trainer, losses, stepMs, overheads, threads } = contestant;
  const networkMs = async () =>
    (await trainer.threadReports()).reduce((sum, report) => sum + report.networkMs, 0);
  const networkBefore = await networkMs();
  const began = performance.now();
  let last = began;
  let isFirst = true;
  await trainer.trainOn(
    batches,
    1,
    (_, { loss }) => {
      const now = performance.now();
      if (!isFirst) stepMs.push(now - last);
      isFirst = false;
      last = now;
      losses.push(loss);
    },
    signal,
  );
  const elapsed = last - began;
  overheads.push(1 - ((await networkMs()) - networkBefore) / threads / elapsed);
}

/** One and two threads must have trained to the same bits. */
function verify(contestants: readonly Contestant[]): void {
  for (const { method, losses, threads } of contestants) {
    const single = contestants.find((other) => other.method === method && other.threads === 1);
    const differs = losses.findIndex((loss, i) => loss !== single?.losses[i]);
    if (differs >= 0) {
      throw new Error(
        `${method} on ${threads} threads differs from one thread in the loss of step ${differs + 1}.`,
      );
    }
  }
}

function report(contestants: readonly Contestant[], gemmRates: readonly number[], fields: number) {
  const sgemm = spread(gemmRates).median;
  const widths = [fields * 16, 200, 200, 200, 1];
  const products = widths.slice(1).reduce((sum, width, i) => sum + width * widths[i], 0);
  const rows = contestants.map(({ method, threads, stepMs, overheads }) => {
    const time = spread(stepMs);
    const gflops = (2 * productsPerLayer[method] * 4096 * products) / time.median / 1e6;
    return {
      method,
      threads,
      stepMs: time,
      samplesPerSecond: (4096 / time.median) * 1000,
      usefulGflops: gflops,
      ofSgemm: gflops / (sgemm * threads),
      outsideNetwork: spread(overheads).median,
    };
  });
  const median = (method: string, threads: number) =>
    rows.find((row) => row.method === method && row.threads === threads)?.stepMs.median ?? Number.NaN;
  const ratios = {
    'alpt / full, 1 thread': median('alpt', 1) / median('full', 1),
    'alpt / full, 2 threads': median('alpt', 2) / median('full', 2),
    'full, 2 threads against 1': median('full', 1) / median('full', 2),
    'alpt, 2 threads against 1': median('alpt', 1) / median('alpt', 2),
  };
  const text = [
    'method  threads   step, ms (quartiles)    samples/s   useful GFLOP/s  of sgemm  outside the network',
    ...rows.map(
      (row) =>
        `${row.method.padEnd(8)}${String(row.threads).padStart(5)}   ${range(row.stepMs).padStart(20)} ${Math.round(row.samplesPerSecond).toLocaleString('en-US').padStart(12)}  ${row.usefulGflops.toFixed(0).padStart(13)}  ${percent(row.ofSgemm)}  ${percent(row.outsideNetwork)}`,
    ),
    '',
    `sgemm of 2048³ on one thread: ${sgemm.toFixed(0)} GFLOP/s. Useful: 2·products·B·Σ d_i·d_(i+1) of the MLP, 3 products (alpt: 5).`,
    ...Object.entries(ratios).map(([name, ratio]) => `${name.padEnd(28)} ${ratio.toFixed(2)}`),
    'One and two threads gave the same losses in every bit.',
  ].join('\n');
  return { text, json: { sgemmGflops: sgemm, rows, ratios } };
}

function range({ median, low, high }: Spread): string {
  return `${median.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`.padStart(8);
}
