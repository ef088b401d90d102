// Scoring a split beside training on another: one epoch of `full`, Parquet to updated table, then the same model on the
// validation split, whose metrics must be those that training found.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateOpened, openForSplit } from '../scoring/evaluate.js';
import { train } from '../training/train.js';
import { type Benchmark, spread } from './benchmark.js';
import { rangeText } from './range-text.js';
import { shapeConfig } from './shapes.js';

const ROUNDS = 5;

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
      const options = { run, data, split: 'validation', signal };
      const scored: number[] = [];
      const whole: number[] = [];
      let rows = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const began = performance.now();
        const opened = await openForSplit(options);
        const loaded = performance.now();
        const { auc, logloss, logits } = await evaluateOpened(opened, options);
        const ended = performance.now();
        if (auc !== validation.auc || logloss !== validation.logloss) {
          throw new Error(
            `evaluate has AUC ${auc} and logloss ${logloss}, training had ${validation.auc} and ${validation.logloss}.`,
          );
        }
        rows = logits.length;
        scored.push((rows / (ended - loaded)) * 1000);
        whole.push((rows / (ended - began)) * 1000);
        onProgress({ stage: 'evaluate', done: round + 1, total: ROUNDS });
      }
      const [samplesPerSecond, withOpening] = [spread(scored), spread(whole)];
      const ofTraining = samplesPerSecond.median / trained;
      const text = [
        `shape ${shape}, all processors: full trains ${Math.round(trained).toLocaleString('en-US')} samples/s over an epoch`,
        `evaluate scores ${rangeText(samplesPerSecond, 0)} samples/s of ${rows.toLocaleString('en-US')} rows, ${ofTraining.toFixed(2)} times as many;`,
        `opening the run included, ${rangeText(withOpening, 0)}. Its metrics are those of training in every bit.`,
      ].join('\n');
      const json = {
        shape,
        rows,
        trainedSamplesPerSecond: trained,
        samplesPerSecond,
        withOpening,
        ofTraining,
      };
      return { text, json };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};
