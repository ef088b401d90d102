// `bitrow compare`: methods × seeds on one data set → a table of them, cells that are never trained twice, a report.
import * as z from 'zod';
import { isMethodOption } from '../comparing/method-name.js';
import { UserError } from '../errors.js';
import type { ConfigLayer } from '../runs/resolve-config.js';
import type { CommandSpec } from './command.js';
import { compareProgress } from './compare-progress.js';
import { comparisonSummary } from './comparison-summary.js';
import { commonConfig, commonOptionsSchema, declareCommonOptions } from './config-options.js';
import { givenCommand } from './given-command.js';
import { Interrupted } from './interrupted.js';
import { jobCount, threadCount, wholeNumber } from './option-values.js';

const DEFAULT_SEEDS = 5;

const optionsSchema = commonOptionsSchema.extend({
  data: z.string(),
  out: z.string(),
  methods: z.string().optional(),
  variants: z.string().optional(),
  seeds: z.number().optional(),
  grid: z.string().optional(),
  split: z.string().optional(),
  threads: z.number().optional(),
  jobs: z.union([z.number(), z.literal('auto')]).optional(),
  keepRuns: z.boolean().optional(),
  ignoreLimits: z.boolean().optional(),
});
type Options = z.infer<typeof optionsSchema>;

export const compareCommand: CommandSpec = {
  example:
    'bitrow compare --data data/flights --out comparisons/bits --methods full,alpt:8,alpt:4,lpt:4:deterministic --seeds 3 --epochs 1',
  declare(command) {
    command
      .requiredOption('--data <dir>', 'made by `bitrow prepare`')
      .requiredOption(
        '--out <dir>',
        'directory of the comparison; cells that are finished in it are not trained again',
      )
      .option('--methods <list>', 'NAME[:BITS][:ROUNDING], separated by commas')
      .option(
        '--variants <file>',
        'YAML: a list of { method, name, set }, for options that differ by variant',
      )
      .option(
        '--seeds <n>',
        `train each with seeds 1 to n (default: ${DEFAULT_SEEDS})`,
        wholeNumber('--seeds', 1),
      );
    declareCommonOptions(command);
    command
      .option(
        '--grid <file>',
        'YAML: a configuration with lists of values; all points, ranked by validation AUC',
      )
      .option('--split <name>', 'scored once beside validation, or none (default: test, where there is one)')
      .option('--threads <n>', 'of all cells together (default: all processors)', threadCount)
      .option('--jobs <n>', 'cells at a time (default: auto, as memory allows with 2 threads each)', jobCount)
      .option('--keep-runs', 'keep the weights of every cell')
      .option('--ignore-limits', 'train even where memory or disk seem too small')
      .addHelpText(
        'after',
        '\nA comparison that was stopped goes on with the same command. See docs/compare.md.',
      );
  },
  async run(invocation) {
    const given = optionsSchema.parse(invocation.options);
    const { data, out, split, threads, jobs, keepRuns, ignoreLimits, seeds = DEFAULT_SEEDS } = given;
    const variants = await variantsOf(given);
    const { compare } = await import('../comparing/compare.js');
    const progress = compareProgress(process.stderr, invocation.json);
    try {
      const comparison = await compare({
        data,
        out,
        variants,
        seeds: Array.from({ length: seeds }, (_, i) => i + 1),
        split: split === 'none' ? null : split,
        threads,
        jobs,
        keepRuns,
        calibrates: true,
        ignoreLimits,
        command: commandOf(given),
        onProgress: progress.onProgress,
        signal: invocation.signal,
      });
      return comparisonSummary(comparison, { out, isGrid: given.grid !== undefined });
    } catch (error) {
      if (!invocation.signal.aborted) throw error;
      throw new Interrupted(stoppedAt(out, progress.counts()));
    } finally {
      progress.finish();
    }
  },
};

async function variantsOf(given: Options) {
  const { parseMethods, readVariants, resolveVariants } = await import('../comparing/variants.js');
  const { readGrid } = await import('../comparing/grid.js');
  const asked = [
    ...(given.methods === undefined ? [] : parseMethods(given.methods)),
    ...(given.variants === undefined ? [] : await readVariants(given.variants)),
  ];
  if (asked.length === 0) {
    throw new UserError(
      'There is nothing to compare: neither --methods nor --variants is given.',
      'pass --methods full,alpt:8,alpt:4',
      2,
    );
  }
  const { preset, layers } = await commonConfig(given);
  requireNoVariant(layers);
  return resolveVariants(asked, {
    preset,
    layers,
    ...(given.grid !== undefined && { grid: await readGrid(given.grid) }),
  });
}

/** What --set says of method and seed would be no comparison. */
function requireNoVariant(layers: readonly ConfigLayer[]): void {
  for (const { values, locate } of layers) {
    // A file may be one that `train` uses too.
    if (locate) continue;
    if (Object.keys(Object(values.method)).some((option) => !isMethodOption(option))) {
      throw new UserError(
        'Methods, bits and rounding are not for --set here.',
        'name them in --methods, such as alpt:4',
        2,
      );
    }
    if (Object.hasOwn(Object(values.training), 'seed')) {
      throw new UserError('The seed is not for --set here.', 'pass --seeds N for seeds 1 to N', 2);
    }
  }
}

function stoppedAt(out: string, counts: { finished: number; cells: number } | null): string {
  const kept =
    counts === null
      ? 'Stopped before the first cell.'
      : `Stopped; ${counts.finished} of ${counts.cells} cells have finished and are kept in '${out}', those in work left a checkpoint.`;
  return `${kept} To go on, give the same command again.`;
}

/** What is compared stands first. */
function commandOf({ data, out, methods, variants, ...others }: Options): string {
  return givenCommand('compare', { data, out, methods, variants, ...others });
}
