// `bitrow train`: an encoded data set and a configuration → a run directory.
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import type { CommandSpec } from './command.js';
import { configFromOptions, configOptionsSchema, declareConfigOptions } from './config-options.js';
import { Interrupted } from './interrupted.js';
import { wholeNumber } from './option-values.js';
import { trainProgress } from './train-progress.js';
import { trainSummary } from './train-summary.js';

const optionsSchema = configOptionsSchema.extend({
  data: z.string(),
  out: z.string(),
  threads: z.number().optional(),
  force: z.boolean().optional(),
});

export const trainCommand: CommandSpec = {
  summary: 'train a model on an encoded data set',
  example: 'bitrow train --data data/flights --out runs/alpt-8 --method alpt --bits 8 --epochs 1',
  declare(command) {
    command
      .requiredOption('--data <dir>', 'made by `bitrow prepare`')
      .requiredOption('--out <run>', 'directory to make');
    declareConfigOptions(command);
    command
      .option('--threads <n>', 'default: all processors', wholeNumber('--threads', 1))
      .option('--force', 'replace a run that is already at --out');
  },
  async helpJson() {
    const { configJsonSchema } = await import('../runs/resolve-config.js');
    return configJsonSchema();
  },
  async run({ options, json, signal }) {
    const given = optionsSchema.parse(options);
    const { data, out, force = false, threads = availableParallelism() } = given;
    const config = await configFromOptions(given);
    const { train } = await import('../training/train.js');
    const { RunDirectory } = await import('../runs/run-directory.js');
    const progress = trainProgress(process.stderr, json);
    let epochs = 0;
    try {
      const result = await train({
        data,
        out,
        config,
        threads,
        force,
        onProgress(event) {
          if (event.kind === 'epoch') epochs = event.epoch;
          progress.onProgress(event);
        },
        signal,
      });
      const { run } = await RunDirectory.open(out);
      return trainSummary(result, run, config.model.dim, data);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Interrupted(
        epochs === 0
          ? `Stopped in the first epoch: '${out}' holds no model yet.`
          : `Stopped after ${epochs} whole epoch${epochs === 1 ? '' : 's'}: '${out}' holds their best model.`,
      );
    } finally {
      progress.finish();
    }
  },
};
