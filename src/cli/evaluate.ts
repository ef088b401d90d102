// `bitrow evaluate`: what a run's model is worth on a split.
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { type RowFormat, rowFormats } from '../data/row-format.js';
import { UserError } from '../errors.js';
import { type CheckpointName, checkpointNames } from '../runs/run-directory.js';
import type { CommandSpec } from './command.js';
import { oneOf, threadCount, wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';

const optionsSchema = z.object({
  data: z.string(),
  split: z.string(),
  checkpoint: z.enum(checkpointNames),
  by: z.string().optional(),
  top: z.number().optional(),
  group: z.string().optional(),
  predictions: z.string().optional(),
  format: z.enum(rowFormats).optional(),
  force: z.boolean().optional(),
  threads: z.number().optional(),
  ignoreLimits: z.boolean().optional(),
});

export const evaluateCommand: CommandSpec = {
  example: 'bitrow evaluate runs/alpt-8 --data data/flights --split test',
  declare(command) {
    command
      .argument('<run>', 'directory made by `bitrow train`, or a bundle')
      .requiredOption('--data <dir>', 'the data set the run was trained on, or one that extends it')
      .option('--split <name>', 'train, validation or test', 'test')
      .option(
        '--checkpoint <name>',
        'model of the best or the last epoch',
        oneOf<CheckpointName>('--checkpoint', checkpointNames),
        'best',
      )
      .option(
        '--by <field>',
        "metrics by slice too: of a field's values, or by `frequency` (the training count of the row's rarest feature; rows with OOV features by how many they have) or `deciles` (tenths of the rows by the mean of log(1 + training count) of all features)",
      )
      .option('--top <n>', "how many of a field's values get a slice (default: 20)", wholeNumber('--top', 1))
      .option('--group <field>', "AUC within the groups of a field's values too, their mean by rows")
      .option('--predictions <file>', 'write the prediction of every row: .csv, .jsonl or .parquet')
      .option(
        '--format <name>',
        `format of the predictions: ${rowFormats.join(', ')} (default: by their extension)`,
        oneOf<RowFormat>('--format', rowFormats),
      )
      .option('--force', 'replace a predictions file that exists')
      .option('--threads <n>', 'default: all processors', threadCount)
      .option('--ignore-limits', 'score even where memory seems too small');
  },
  async run({ args, options, json, signal }) {
    const { threads = availableParallelism(), ...given } = optionsSchema.parse(options);
    if (
      given.top !== undefined &&
      (given.by === undefined || given.by === 'frequency' || given.by === 'deciles')
    ) {
      throw new UserError('The option --top needs --by FIELD: it limits the values shown.', undefined, 2);
    }
    if (given.format !== undefined && given.predictions === undefined) {
      throw new UserError(
        'The option --format needs --predictions FILE: it says how that is written.',
        undefined,
        2,
      );
    }
    const run = args[0] ?? '';
    const { evaluate } = await import('../scoring/evaluate.js');
    const { evaluationSummary } = await import('./evaluation-summary.js');
    const progress = createProgress(process.stderr, { json });
    try {
      const onProgress = (state: { done: number; total: number }) =>
        progress.update({ stage: given.split, ...state, unit: 'samples' });
      const result = await evaluate({ run, ...given, threads, onProgress, signal });
      return evaluationSummary(run, result);
    } finally {
      progress.finish();
    }
  },
};
