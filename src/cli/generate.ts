// `bitrow generate`: invented rows that look like a known data set, with the best AUC that can be reached on them.
import * as z from 'zod';
import { shapeNames, shapes } from '../generating/registry.js';
import { count } from '../reports/numbers.js';
import type { CommandSpec } from './command.js';
import { oneOf, threadCount, wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';
import { bytes, metric } from './quantities.js';

const known = shapeNames.map((name) => `  ${name.padEnd(10)}${shapes[name].summary}`).join('\n');

const optionsSchema = z.object({
  like: z.enum(shapeNames),
  rows: z.number(),
  features: z.number().optional(),
  out: z.string(),
  seed: z.number().optional(),
  threads: z.number().optional(),
  force: z.boolean().optional(),
});

export const generateCommand: CommandSpec = {
  example: 'bitrow generate --like criteo --rows 1000000 --out criteo.tsv',
  declare(command) {
    command
      .requiredOption('--like <name>', shapeNames.join(' or '), oneOf('--like', shapeNames))
      .requiredOption('--rows <n>', 'rows to make', wholeNumber('--rows', 1))
      .option(
        '--features <n>',
        'different values in the file (default: as many as so many rows of the real data would have)',
        wholeNumber('--features', 1),
      )
      .requiredOption('--out <file>', 'file to write; compressed when it ends in .gz')
      .option('--seed <n>', 'of rows and planted model (default: 1)', wholeNumber('--seed', 0))
      .option('--threads <n>', 'default: all processors; the file is the same for any number', threadCount)
      .option('--force', 'replace a file that is already at --out')
      .addHelpText('after', `\nLike:\n${known}`);
  },
  async run({ options, json, signal }) {
    const given = optionsSchema.parse(options);
    const { generate } = await import('../generating/generate.js');
    const progress = createProgress(process.stderr, { json });
    const began = performance.now();
    const onProgress = (state: { done: number; total: number }) =>
      progress.update({ stage: 'generate', ...state, unit: 'rows' });
    const made = await generate({ ...given, onProgress, signal }).finally(progress.finish);
    const seconds = (performance.now() - began) / 1000;
    const { rows, positives, best, expectedFeatures, batch, sizeBytes } = made;
    const { atLeast1, atLeast2, atLeast10 } = expectedFeatures;
    const line = (name: string, value: string) => `  ${name.padEnd(20)}${value}`;
    const text = [
      `${given.out}: ${count(rows)} rows like ${given.like}, ${bytes(sizeBytes)}, ${seconds.toFixed(1)} s (${count(rows / seconds)} rows/s)`,
      line('positive rate', (positives / rows).toFixed(5)),
      line(
        'best AUC',
        `${metric(best.auc, 6)}   (of the model that drew the labels: no other can be better but by chance)`,
      ),
      line('best logloss', best.logloss.toFixed(6)),
      line(
        'features',
        `${count(atLeast1)} expected; seen twice or more ${count(atLeast2)}, 10 times or more ${count(atLeast10)}`,
      ),
      line(
        'unique table rows',
        `${count(batch.uniqueValues)} in a batch of ${count(batch.rows)}; ${count(batch.uniqueRows)} where values seen fewer than ${batch.minCount} times are OOV`,
      ),
      '',
      `Next: bitrow prepare ${given.like} --input ${given.out} --out data/${given.like}-like`,
    ].join('\n');
    return {
      text,
      json: { out: given.out, like: given.like, ...made, seconds, rowsPerSecond: rows / seconds },
    };
  },
};
