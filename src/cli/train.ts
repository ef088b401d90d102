// `bitrow train`: an encoded data set and a configuration → a run directory.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../errors.js';
import type { Config } from '../runs/config.js';
import type { CommandSpec } from './command.js';
import { configFromOptions, configOptionsSchema, declareConfigOptions } from './config-options.js';
import { Interrupted } from './interrupted.js';
import { positiveOrNever, threadCount } from './option-values.js';
import { trainProgress } from './train-progress.js';
import { shellWord, trainSummary } from './train-summary.js';

const optionsSchema = configOptionsSchema.extend({
  data: z.string().optional(),
  out: z.string(),
  threads: z.number().optional(),
  checkpointMinutes: z.union([z.number(), z.literal('never')]).optional(),
  from: z.string().optional(),
  trace: z.string().optional(),
  resume: z.boolean().optional(),
  force: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  ignoreLimits: z.boolean().optional(),
});

export const trainCommand: CommandSpec = {
  example: 'bitrow train --data data/flights --out runs/alpt-8 --method alpt --bits 8 --epochs 1',
  declare(command) {
    command
      .option('--data <dir>', 'made by `bitrow prepare`; with --resume it may be left out')
      .requiredOption('--out <run>', 'directory to make');
    declareConfigOptions(command);
    command
      .option('--threads <n>', 'default: all processors', threadCount)
      .option(
        '--checkpoint-minutes <n>',
        'between two checkpoints, or never: only at the end of an epoch (default: 5)',
        positiveOrNever('--checkpoint-minutes'),
      )
      .option('--from <run>', "begin with that run's weights and optimizer state, for --epochs more epochs")
      .option(
        '--trace <file>',
        'write what each thread spends its time on, for ui.perfetto.dev or chrome://tracing',
      )
      .option('--resume', 'go on where the run at --out was stopped, to the same result; --epochs may grow')
      .option('--force', 'replace a run that is already at --out')
      .option('--dry-run', 'only say what memory and disk it would need; trains nothing')
      .option('--ignore-limits', 'train even where memory or disk seem too small');
  },
  async helpJson() {
    const { configJsonSchema } = await import('../runs/resolve-config.js');
    return configJsonSchema();
  },
  async run({ options, json, signal }) {
    const given = optionsSchema.parse(options);
    const { data, out, from, force, trace, checkpointMinutes, threads = availableParallelism() } = given;
    const isResumed = given.resume === true && existsSync(join(out, 'run.json'));
    if (data === undefined && !isResumed) {
      const help = 'pass --data DIR, made by `bitrow prepare`';
      throw new UserError(
        given.resume
          ? `There is no run at '${out}' to resume, and no data to begin one.`
          : 'The option --data is missing.',
        help,
        2,
      );
    }
    const progress = trainProgress(process.stderr, json);
    const config = await configFromOptions(given, await configOfRun(isResumed ? out : from), (message) =>
      progress.onProgress({ kind: 'warning', message }),
    );
    if (given.dryRun) {
      const { planTraining } = await import('../training/plan-training.js');
      const { trainPlan } = await import('./train-plan.js');
      return trainPlan(await planTraining({ data: data ?? (await dataOfRun(out)), out, config, threads }));
    }
    const { train } = await import('../training/train.js');
    const { RunDirectory } = await import('../runs/run-directory.js');
    try {
      const result = await train({
        data,
        out,
        config,
        threads,
        force,
        from,
        trace,
        resume: given.resume,
        ignoreLimits: given.ignoreLimits,
        checkpointMinutes: checkpointMinutes === 'never' ? Number.POSITIVE_INFINITY : checkpointMinutes,
        onProgress: progress.onProgress,
        signal,
      });
      const { run } = await RunDirectory.open(out);
      return trainSummary(result, run, config.model.dim, data ?? run.data);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Interrupted(await stoppedAt(out, error));
    } finally {
      progress.finish();
    }
  },
};

async function configOfRun(run: string | undefined): Promise<Config | undefined> {
  if (run === undefined) return undefined;
  const { RunDirectory } = await import('../runs/run-directory.js');
  return (await RunDirectory.open(run)).config;
}

async function dataOfRun(run: string): Promise<string> {
  const { RunDirectory } = await import('../runs/run-directory.js');
  return (await RunDirectory.open(run)).run.data;
}

/** What a run that was stopped leaves behind. */
async function stoppedAt(out: string, error: unknown): Promise<string> {
  const { RunDirectory } = await import('../runs/run-directory.js');
  const { place } = await import('../runs/checkpoints.js');
  const [newest] = await RunDirectory.open(out).then(
    ({ checkpoints }) => checkpoints.all,
    () => [],
  );
  const next = `go on with \`bitrow train --resume --out ${shellWord(out)}\`.`;
  const failure = error instanceof UserError ? ` ${error.message}` : '';
  if (!newest) return `Stopped before the first step: '${out}' holds no model yet.${failure}`;
  return `Stopped; '${out}' holds a checkpoint of ${place(newest)}.${failure} To finish, ${next}`;
}
