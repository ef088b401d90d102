// Scoring beside training: one epoch of `full`, Parquet to updated table, then the same model on the validation split, whose
// metrics must be those that training found, and on the rows that it was trained on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateOpened, openForSplit } from '../scoring/evaluate.js';
import { train } from '../training/train.js';
import { type Benchmark, type Spread, spread } from './benchmark.js';
import { rangeText } from './range-text.js';
import { shapeConfig } from './shapes.js';

const ROUNDS = 3;

interface SplitTimes {
  split: string;
  rows: number;
  samplesPerSecond: Spread;
  withOpening: Spread;
  ofTraining: number;
}

export const evaluate: Benchmark = {
  summary: 'scoring a split, beside training full for an epoch',
  async run({ data, shape, onProgress, signal }) {
    const directory = await mkdtemp(join(tmpdir(), 'bitrow-bench-'));
    try {
      const run = join(directory, 'run');
      const config = shapeConfig(shape, { method: { name: 'full' }, training: { epochs: 1 } });
      const { samplesPerSecond: trained, validation } = await train({
        data,
        out: run,
        config,
        signal,
        onProgress: (event) => {
          if (event.kind === 'batch') {
            onProgress({ stage: 'evaluate: training', done: event.done, total: event.batches });
          }
        },
      });
      const splits: SplitTimes[] = [];
      for (const [at, split] of ['validation', 'train'].entries()) {
        const scored: number[] = [];
        const whole: number[] = [];
        let rows = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const options = { run, data, split, signal };
          const began = performance.now();
          const opened = await openForSplit(options);
          const loaded = performance.now();
          const { auc, logloss, logits } = await evaluateOpened(opened, options);
          const ended = performance.now();
          if (split === 'validation' && (auc !== validation.auc || logloss !== validation.logloss)) {
            throw new Error(
              `evaluate has AUC ${auc} and logloss ${logloss}, training had ${validation.auc} and ${validation.logloss}.`,
            );
          }
          rows = logits.length;
          scored.push((rows / (ended - loaded)) * 1000);
          whole.push((rows / (ended - began)) * 1000);
          onProgress({ stage: 'evaluate', done: at * ROUNDS + round + 1, total: 2 * ROUNDS });
        }
        const samplesPerSecond = spread(scored);
        const ofTraining = samplesPerSecond.median / trained;
        splits.push({ split, rows, samplesPerSecond, withOpening: spread(whole), ofTraining });
      }
      const text = [
        `shape ${shape}, all processors: full trains ${Math.round(trained).toLocaleString('en-US')} samples/s over an epoch`,
        ...splits.map(
          ({ split, rows, samplesPerSecond, withOpening, ofTraining }) =>
            `evaluate scores ${rangeText(samplesPerSecond, 0)} samples/s of the ${rows.toLocaleString('en-US')} of ${split}, ${ofTraining.toFixed(2)} times as many; opening the run included, ${rangeText(withOpening, 0)}`,
        ),
        'threads are started and metrics computed within these times; those of validation are those of training in every bit.',
      ].join('\n');
      return { text, json: { shape, trainedSamplesPerSecond: trained, splits } };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};
