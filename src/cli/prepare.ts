// `bitrow prepare`: raw rows → an encoded data set, with a summary of what is in it.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { splitRules } from '../data/datasets/dataset.js';
import { datasetNames, datasets } from '../data/datasets/registry.js';
import type { Manifest } from '../data/manifest.js';
import { parseMemory } from '../data/memory-limit.js';
import { fileKinds, isFileKind } from '../data/schema-file.js';
import { UserError } from '../errors.js';
import type { CommandSpec, Result } from './command.js';
import { datasetSummary } from './dataset-summary.js';
import { oneOf, share, threadCount, wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';
import { bytes } from './quantities.js';

const optionsSchema = z.object({
  input: z.array(z.string()).optional(),
  out: z.string().optional(),
  schema: z.string().optional(),
  extend: z.string().optional(),
  printSchema: z.boolean().optional(),
  skipBadRows: z.number().optional(),
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

const summaries = [
  ...datasetNames.map((name) => [name, datasets[name].summary]),
  ...Object.entries(fileKinds),
].map(([name = '', summary]) => `  ${name.padEnd(10)}${summary}`);
const thresholds = datasetNames.map((name) => `${name} ${datasets[name].minCount}`).join(', ');
const defaultSplits = datasetNames.map((name) => `${name} ${datasets[name].splits[0]}`).join(', ');

export const prepareCommand: CommandSpec = {
  example: 'bitrow prepare flights --out data/flights',
  declare(command) {
    command
      .argument('<dataset>', `one of: ${[...datasetNames, ...Object.keys(fileKinds)].join(', ')}`)
      .option(
        '--input <path...>',
        "raw files in order, also .gz and patterns as 'logs/*.csv' (flights: default from vega-datasets; frappe, movielens: a folder)",
      )
      .option('--out <dir>', 'directory to make')
      .option('--schema <file>', 'what your files hold, as YAML (csv and parquet); see docs/schema.md')
      .option('--print-schema', 'propose a schema for --input (csv and parquet), and do nothing else')
      .option('--extend <dir>', 'encode new rows only, keeping all ids and the options of the data in dir')
      .option(
        '--skip-bad-rows <n>',
        'leave out up to n bad rows, counted in the manifest (default: 0)',
        wholeNumber('--skip-bad-rows', 0),
      )
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
      .option('--threads <n>', 'default: all processors', threadCount)
      .option('--force', 'replace a data set that is already at --out')
      .addHelpText('after', `\nData sets:\n${summaries.join('\n')}`);
  },
  async run({ args, options, json, signal }) {
    const { memoryLimit, printSchema, out, ...given } = optionsSchema.parse(options);
    const dataset = args[0] ?? '';
    if (printSchema) return proposed(dataset, given.input ?? [], memoryLimit, signal);
    if (out === undefined) {
      throw new UserError("The option '--out' is missing.", 'see `bitrow prepare --help`', 2);
    }
    const { prepare } = await import('../data/prepare.js');
    const progress = createProgress(process.stderr, { json });
    const began = performance.now();
    let manifest: Manifest;
    try {
      manifest = await prepare({
        ...given,
        out,
        dataset,
        memoryBytes: memoryLimit,
        onNotice: (sentence) => {
          process.stderr.write(`${sentence}\n`);
        },
        onProgress: progress.update,
        signal,
      });
    } finally {
      progress.finish();
    }
    const seconds = (performance.now() - began) / 1000;
    const size = await sizeBytes(out, manifest);
    const { text, json: described } = datasetSummary(manifest, out);
    return {
      text: `${text}, ${bytes(size)}, ${seconds.toFixed(1)} s`,
      json: { out, ...described, seconds, sizeBytes: size },
    };
  },
};

/** `--print-schema`: the proposal alone, so that it can be sent to a file. */
async function proposed(
  kind: string,
  input: readonly string[],
  memoryBytes: number | undefined,
  signal: AbortSignal,
): Promise<Result> {
  if (!isFileKind(kind)) {
    throw new UserError(
      `The data set '${kind}' has a schema of its own; --print-schema is for ${Object.keys(fileKinds).join(' and ')}.`,
      undefined,
      2,
    );
  }
  const { proposeSchema } = await import('../data/propose-schema.js');
  const schema = await proposeSchema({ kind, input, memoryBytes, signal });
  return { text: schema.trimEnd(), json: { schema } };
}

async function sizeBytes(directory: string, manifest: Manifest): Promise<number> {
  const indexes = manifest.vocabularies.map(({ index }) => index);
  const files = [...manifest.splits, ...manifest.vocabularies, ...indexes].map(({ file }) => file);
  const stats = await Promise.all(['manifest.json', ...files].map((file) => stat(join(directory, file))));
  return stats.reduce((sum, { size }) => sum + size, 0);
}
