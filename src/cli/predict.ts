// `bitrow predict`: raw files and a run → a file of predictions.
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { type RowFormat, rowFormats } from '../data/row-format.js';
import { count } from '../reports/numbers.js';
import { type CheckpointName, checkpointNames } from '../runs/run-directory.js';
import type { FilePrediction } from '../scoring/predict-files.js';
import type { CommandSpec, Result } from './command.js';
import { oneOf, threadCount } from './option-values.js';
import { createProgress } from './progress.js';

const optionsSchema = z.object({
  input: z.array(z.string()),
  out: z.string(),
  format: z.enum(rowFormats).optional(),
  keep: z.array(z.string()).optional(),
  checkpoint: z.enum(checkpointNames),
  threads: z.number().optional(),
  force: z.boolean().optional(),
  ignoreLimits: z.boolean().optional(),
});

export const predictCommand: CommandSpec = {
  example: 'bitrow predict runs/criteo --input new-rows.txt.gz --out predictions.parquet',
  declare(command) {
    command
      .argument('<run>', 'directory made by `bitrow train`, or a bundle; its data is not needed')
      .requiredOption(
        '--input <path...>',
        'raw files in order, as the data was prepared from; the label may be absent',
      )
      .requiredOption('--out <file>', 'file to make: row, probability, logit')
      .option(
        '--format <name>',
        `${rowFormats.join(', ')} (default: by the extension of --out)`,
        oneOf<RowFormat>('--format', rowFormats),
      )
      .option('--keep <column...>', 'raw columns to pass through, as texts')
      .option(
        '--checkpoint <name>',
        'model of the best or the last epoch',
        oneOf<CheckpointName>('--checkpoint', checkpointNames),
        'best',
      )
      .option('--threads <n>', 'default: all processors', threadCount)
      .option('--force', 'replace a file that is already at --out')
      .option('--ignore-limits', 'score even where memory seems too small');
  },
  async run({ args, options, json, signal }) {
    const { threads = availableParallelism(), ...given } = optionsSchema.parse(options);
    const run = args[0] ?? '';
    const { predictFiles } = await import('../scoring/predict-files.js');
    const progress = createProgress(process.stderr, { json });
    try {
      const onProgress = (state: { done: number; total: number }) =>
        progress.update({ stage: 'predict', ...state, unit: 'rows' });
      return predictionSummary(run, await predictFiles({ ...given, run, threads, onProgress, signal }));
    } finally {
      progress.finish();
    }
  },
};

function predictionSummary(run: string, prediction: FilePrediction): Result {
  const { out, format, checkpoint, epoch, rows, seconds, oov, values } = prediction;
  const rowsPerSecond = rows / seconds;
  const shares = Object.fromEntries(Object.entries(oov).map(([name, n]) => [name, n / values[name]]));
  const width = Math.max(...Object.keys(shares).map((name) => name.length));
  const lines = Object.entries(shares).map(
    ([name, share]) => `  ${name.padEnd(width)}  ${(100 * share).toFixed(2).padStart(6)} %`,
  );
  const text = [
    `${run}: ${checkpoint} model (epoch ${epoch}) → ${out} (${format})`,
    'values the model has never seen (OOV), by field:',
    ...lines,
    '',
    `${count(rows)} rows in ${seconds.toFixed(1)} s (${count(rowsPerSecond)} rows/s)`,
  ].join('\n');
  const json = { run, out, format, checkpoint, epoch, rows, seconds, rowsPerSecond, oovShare: shares };
  return { text, json };
}
