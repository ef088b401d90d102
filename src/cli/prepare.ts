// `bitrow prepare`: raw rows → an encoded data set, with a summary of what is in it.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { splitRules } from '../data/datasets/dataset.js';
import { datasetNames, datasets } from '../data/datasets/registry.js';
import type { Manifest } from '../data/manifest.js';
import { parseMemory } from '../data/memory-limit.js';
import type { CommandSpec } from './command.js';
import { datasetSummary } from './dataset-summary.js';
import { oneOf, share, wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';
import { bytes } from './quantities.js';

const optionsSchema = z.object({
  input: z.array(z.string()).optional(),
  out: z.string(),
  minCount: z.number().optional(),
  vocabulary: z.enum(['train', 'all']).optional(),
  split: z.enum(splitRules).optional(),
  memoryLimit: z.number().optional(),
  threads: z.number().optional(),
  rows: z.number().optional(),
  negativeSampling: z.number().optional(),
  seed: z.number().optional(),
  force: z.boolean().optional(),
});

const known = datasetNames.map((name) => `  ${name.padEnd(10)}${datasets[name].summary}`).join('\n');
const thresholds = datasetNames.map((name) => `${name} ${datasets[name].minCount}`).join(', ');
const defaultSplits = datasetNames.map((name) => `${name} ${datasets[name].splits[0]}`).join(', ');

export const prepareCommand: CommandSpec = {
  summary: 'turn raw rows into an encoded data set',
  example: 'bitrow prepare flights --out data/flights',
  declare(command) {
    command
      .argument('<dataset>', `one of: ${datasetNames.join(', ')}`)
      .option(
        '--input <path...>',
        'raw files in order, also .gz (flights: default from vega-datasets; frappe: a folder)',
      )
      .requiredOption('--out <dir>', 'directory to make')
      .option(
        '--min-count <n>',
        `rarer values are OOV (default: ${thresholds})`,
        wholeNumber('--min-count', 1),
      )
      .option(
        '--vocabulary <rows>',
        'rows that count: train or all (default: train)',
        oneOf('--vocabulary', ['train', 'all']),
      )
      .option(
        '--split <rule>',
        `${splitRules.join(', ')} (default: ${defaultSplits})`,
        oneOf('--split', splitRules),
      )
      .option('--rows <n>', 'take the first n rows only', wholeNumber('--rows', 1))
      .option(
        '--negative-sampling <rate>',
        'share of training rows with label 0 to keep; scores are re-calibrated by it (default: 1)',
        share('--negative-sampling'),
      )
      .option('--seed <n>', 'seed of random split and stored order (default: 1)', wholeNumber('--seed', 0))
      .option('--memory-limit <size>', 'such as 4GB (default: 4GB, or half of the memory)', parseMemory)
      .option('--threads <n>', 'default: all processors', wholeNumber('--threads', 1))
      .option('--force', 'replace a data set that is already at --out')
      .addHelpText('after', `\nData sets:\n${known}`);
  },
  async run({ args, options, json, signal }) {
    const { memoryLimit, ...given } = optionsSchema.parse(options);
    const { prepare } = await import('../data/prepare.js');
    const progress = createProgress(process.stderr, { json });
    const began = performance.now();
    let manifest: Manifest;
    try {
      manifest = await prepare({
        ...given,
        dataset: args[0] ?? '',
        memoryBytes: memoryLimit,
        onProgress: progress.update,
        signal,
      });
    } finally {
      progress.finish();
    }
    const seconds = (performance.now() - began) / 1000;
    const size = await sizeBytes(given.out, manifest);
    const { text, json: described } = datasetSummary(manifest, given.out);
    return {
      text: `${text}, ${bytes(size)}, ${seconds.toFixed(1)} s`,
      json: { out: given.out, ...described, seconds, sizeBytes: size },
    };
  },
};

async function sizeBytes(directory: string, manifest: Manifest): Promise<number> {
  const files = [...manifest.splits, ...manifest.vocabularies].map(({ file }) => file);
  const stats = await Promise.all(['manifest.json', ...files].map((file) => stat(join(directory, file))));
  return stats.reduce((sum, { size }) => sum + size, 0);
}
