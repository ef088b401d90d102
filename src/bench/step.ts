// Training from Parquet to the updated table: `full`, and `alpt` at 8 bits with each of its second passes, on one and on two
// threads, by turns. In a turn all train on the same batches, read anew; what is counted begins when the first of them is done.
// The limit is a large product of matrices on as many threads, in the same run.
import { type Batch, readBatches } from '../batch/reader.js';
import { type EncodedDataset, loadDataset } from '../data/encoded-dataset.js';
import { UserError } from '../errors.js';
import { readTrace, type SpanName } from '../team/trace.js';
import { Trainer } from '../training/trainer.js';
import type { Benchmark, BenchmarkOptions } from './benchmark.js';
import { type Sgemm, startSgemm } from './sgemm.js';
import { type ShapeName, shapeConfig } from './shapes.js';
import {
  type Contestant,
  type StepVariant,
  stepVariants,
  type Threads,
  threadCounts,
} from './step-contestant.js';
import { reportStep } from './step-report.js';

const ROUNDS = 6;
/** Row groups of a turn: a window each, so that reading and shuffling go on at the rate of training. */
const WINDOWS = 2;

export const step: Benchmark = {
  summary:
    'training, Parquet to updated table: alpt against full, two threads against one, GEMM rate against sgemm',
  async run(options) {
    const dataset = await loadDataset(options.data);
    const contestants: Contestant[] = [];
    const limits: Sgemm[] = [];
    try {
      for (const threads of threadCounts) {
        limits.push(await startSgemm(threads));
        for (const variant of Object.keys(stepVariants) as StepVariant[]) {
          const config = shapeConfig(options.shape, stepVariants[variant].settings);
          const trainer = new Trainer({ dataset, config, threads, hasTrace: true });
          contestants.push({ variant, threads, trainer, losses: [], stepMs: [], shares: [] });
        }
      }
      const sgemmRates = await measure(contestants, dataset, limits, options);
      return reportStep(contestants, sgemmRates, options.shape, dataset.manifest.fields.length);
    } finally {
      await Promise.all([...limits, ...contestants.map(({ trainer }) => trainer)].map((one) => one.close()));
    }
  },
};

/** Lets all take turns; the first warms up. @returns sgemm's GFLOP/s by threads, one per round */
async function measure(
  contestants: readonly Contestant[],
  dataset: EncodedDataset,
  limits: readonly Sgemm[],
  { shape, onProgress, signal }: BenchmarkOptions,
): Promise<Record<Threads, number[]>> {
  const rates: Record<Threads, number[]> = { 1: [], 2: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const contestant of contestants) {
      await train(contestant, takeBatches(dataset, shape, round), signal);
      if (round > 0) continue;
      contestant.stepMs.length = 0;
      contestant.shares.length = 0;
    }
    verify(contestants);
    for (const [i, threads] of threadCounts.entries()) rates[threads].push(await limits[i].run());
    onProgress({ stage: 'step', done: round, total: ROUNDS });
  }
  return rates;
}

/** The first batches of an epoch of its own for each round. */
async function* takeBatches(dataset: EncodedDataset, shape: ShapeName, round: number): AsyncGenerator<Batch> {
  const { batchSize, seed } = shapeConfig(shape, {}).training;
  const split = dataset.manifest.splits.find(({ name }) => name === 'train');
  const batches = Math.floor((WINDOWS * (split?.rowGroupRows ?? 0)) / batchSize);
  if (!split || split.rows < batches * batchSize || batches < 2) {
    throw new UserError(
      `The training split of '${dataset.dir}' has ${split?.rows ?? 0} rows; the benchmark reads ${batches} batches of ${batchSize}.`,
      'pass --data with more rows',
    );
  }
  const order = { seed, epoch: round + 1 };
  let taken = 0;
  for await (const batch of readBatches(dataset, { split: 'train', batchSize, order, windowRowGroups: 1 })) {
    yield batch;
    if (++taken === batches) return;
  }
}

async function train(
  { trainer, losses, stepMs, shares, threads }: Contestant,
  batches: AsyncIterable<Batch>,
  signal: AbortSignal,
): Promise<void> {
  const first = trainer.trainingStep + 1;
  const ends: number[] = [];
  const onBatch = (_: Batch, { loss }: { loss: number }) => {
    ends.push(performance.now());
    losses.push(loss);
  };
  await trainer.trainOn(batches, 1, onBatch, signal);
  for (let i = 1; i < ends.length; i++) stepMs.push(ends[i] - ends[i - 1]);
  const threadMs = threads * (ends[ends.length - 1] - ends[0]);
  const spans = trainer.traces.slice(1).flatMap((ring) => readTrace(ring).spans);
  const share = (...names: SpanName[]) =>
    spans
      .filter(({ name, step }) => step > first && names.includes(name))
      .reduce((sum, { beganMs, endedMs }) => sum + endedMs - beganMs, 0) / threadMs;
  shares.push({ network: share('network'), waiting: share('barrier', 'await a batch') });
}

/** One and two threads must have trained to the same bits. */
function verify(contestants: readonly Contestant[]): void {
  for (const { variant, losses, threads } of contestants) {
    const single = contestants.find((other) => other.variant === variant && other.threads === 1);
    const differs = losses.findIndex((loss, i) => loss !== single?.losses[i]);
    if (differs < 0 && losses.length === single?.losses.length) continue;
    throw new Error(
      `${variant} on ${threads} threads differs from one thread in the loss of step ${differs + 1}.`,
    );
  }
}
