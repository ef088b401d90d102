// `bitrow evaluate`: what a run's model is worth on a split.
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { type CheckpointName, checkpointNames } from '../runs/run-directory.js';
import type { Evaluation } from '../scoring/evaluate.js';
import type { CommandSpec, Result } from './command.js';
import { oneOf, wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';
import { count, metric } from './quantities.js';

const optionsSchema = z.object({
  data: z.string(),
  split: z.string(),
  checkpoint: z.enum(checkpointNames),
  threads: z.number().optional(),
});

export const evaluateCommand: CommandSpec = {
  summary: 'AUC, logloss and calibration of a run on a split',
  example: 'bitrow evaluate runs/alpt-8 --data data/flights --split test',
  declare(command) {
    command
      .argument('<run>', 'directory made by `bitrow train`')
      .requiredOption('--data <dir>', 'the data set the run was trained on')
      .option('--split <name>', 'train, validation or test', 'test')
      .option(
        '--checkpoint <name>',
        'model of the best or the last epoch',
        oneOf<CheckpointName>('--checkpoint', checkpointNames),
        'best',
      )
      .option('--threads <n>', 'default: all processors', wholeNumber('--threads', 1));
  },
  async run({ args, options, json, signal }) {
    const { data, split, checkpoint, threads = availableParallelism() } = optionsSchema.parse(options);
    const run = args[0] ?? '';
    const { evaluate } = await import('../scoring/evaluate.js');
    const progress = createProgress(process.stderr, { json });
    try {
      const onProgress = (state: { done: number; total: number }) =>
        progress.update({ stage: split, ...state, unit: 'samples' });
      const result = await evaluate({ run, data, split, checkpoint, threads, onProgress, signal });
      return evaluationSummary(run, result);
    } finally {
      progress.finish();
    }
  },
};

/** The metrics as lines, and as JSON without the scores of the rows. */
export function evaluationSummary(run: string, evaluation: Evaluation): Result {
  const { logits: _logits, labels: _labels, weights: _weights, groups: _groups, ...metrics } = evaluation;
  const { rows, auc, logloss, normalizedEntropy, calibration, split, checkpoint, epoch } = metrics;
  const line = (name: string, value: string) => `  ${name.padEnd(20)}${value}`;
  const rate = (value: number | undefined) => (value === undefined ? 'no rows' : value.toFixed(5));
  const ratio = calibration?.ratio ?? null;
  const over = ratio === null ? '' : `   (${ratio.toFixed(3)} of the observed)`;
  const text = [
    `${run}: ${checkpoint} model (epoch ${epoch}) on ${split}, ${count(rows)} rows`,
    line('AUC', metric(auc, 6)),
    line('logloss', rows === 0 ? 'no rows' : metric(logloss, 6)),
    line('normalized entropy', metric(normalizedEntropy, 6)),
    line('predicted rate', `${rate(calibration?.predicted)}${over}`),
    line('observed rate', rate(calibration?.observed)),
  ].join('\n');
  return { text, json: { run, ...metrics } };
}
