// `bitrow reproduce`: a table or figure of the papers, on whatever prepared data it is given.
import * as z from 'zod';
import { ownOptions, type Reproduction } from '../comparing/reproduce/reproduction.js';
import { UserError } from '../errors.js';
import { findPreset, presetNames } from '../runs/presets.js';
import type { ConfigLayer } from '../runs/resolve-config.js';
import type { CommandSpec } from './command.js';
import { compareProgress } from './compare-progress.js';
import { commonConfig, commonOptionsSchema, declareCommonOptions } from './config-options.js';
import { givenCommand } from './given-command.js';
import { Interrupted } from './interrupted.js';
import { jobCount, threadCount, wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';

const DEFAULT_SEEDS = 5;

const optionsSchema = commonOptionsSchema.extend({
  data: z.string().optional(),
  dataThreshold: z.string().optional(),
  out: z.string(),
  rows: z.string().optional(),
  clips: z.array(z.number()).optional(),
  dims: z.array(z.number()).optional(),
  quantizers: z.array(z.string()).optional(),
  seeds: z.number().optional(),
  threads: z.number().optional(),
  jobs: z.union([z.number(), z.literal('auto')]).optional(),
  ignoreLimits: z.boolean().optional(),
});

export const reproduceCommand: CommandSpec = {
  example: 'bitrow reproduce table1 --data data/flights --out paper --seeds 2 --epochs 1',
  declare(command) {
    command
      .argument('<name>', 'table1, table2, table3, figure3 (needs no data), figure4, posttraining')
      .option('--data <dir>', 'made by `bitrow prepare`')
      .option('--data-threshold <dir>', 'table3: the same rows, prepared with a lower --min-count')
      .requiredOption(
        '--out <dir>',
        'directory of the pages; cells that are finished in it are not trained again',
      )
      .option('--rows <names>', "only these rows, by the paper's names, such as 'FP,ALPT(SR)'")
      .option(
        '--clips <list>',
        'clips of LPT, the best by validation is shown (the paper: 1,0.1,0.01,0.001)',
        clipList,
      )
      .option('--dims <list>', 'posttraining: widths to train at (default: 8,16,32,64,128)', dimList)
      .option(
        '--quantizers <list>',
        "posttraining: METHOD:BITS[:SIDE], such as 'minmax:4:fp16,greedy:4' (default: all)",
        (list: string) => list.split(','),
      )
      .option(
        '--seeds <n>',
        `train with seeds 1 to n (default: ${DEFAULT_SEEDS}, the paper's least)`,
        wholeNumber('--seeds', 1),
      );
    declareCommonOptions(command);
    command
      .option('--threads <n>', 'of all cells together (default: all processors)', threadCount)
      .option('--jobs <n>', 'cells at a time (default: auto, as memory allows with 2 threads each)', jobCount)
      .option('--ignore-limits', 'train even where memory or disk seem too small')
      .addHelpText(
        'after',
        '\nWithout --preset, that of the data is used where the paper has them (criteo, avazu).' +
          '\nA reproduction that was stopped goes on with the same command. See docs/reproduce.md.',
      );
  },
  async run({ args: [name], options, json, signal }) {
    const given = optionsSchema.parse(options);
    const {
      data,
      dataThreshold,
      out,
      rows,
      clips,
      dims,
      quantizers,
      threads,
      jobs,
      ignoreLimits,
      seeds = DEFAULT_SEEDS,
    } = given;
    const { findReproduction, reproduce } = await import('../comparing/reproduce/reproduce.js');
    requireRead(name, findReproduction(name), given);
    const { renderText } = await import('../comparing/reproduce/render-text.js');
    const { compare } = await import('../comparing/compare.js');
    const { preset, layers } = await commonConfig(given);
    requireRowsDecide(layers);
    const progress = compareProgress(process.stderr, json);
    const afterwards = createProgress(process.stderr, { json, plainMs: 10_000 });
    try {
      const made = await reproduce(name, {
        data: data ?? null,
        dataThreshold: dataThreshold ?? null,
        out,
        settings: { preset: preset ?? (await presetOfData(data)), layers },
        seeds: Array.from({ length: seeds }, (_, i) => i + 1),
        rows: rows === undefined ? null : rows.split(',').map((row) => row.trim()),
        clips: clips ?? null,
        dims: dims ?? null,
        quantizers: quantizers ?? null,
        threads,
        jobs,
        ignoreLimits,
        command: givenCommand(`reproduce ${name}`, {
          ...given,
          clips: clips?.join(','),
          dims: dims?.join(','),
          quantizers: quantizers?.join(','),
        }),
        onProgress: progress.onProgress,
        onAfterwards: (state) => afterwards.update({ ...state, unit: 'rows' }),
        signal,
        compare: (asked) => compare({ ...asked, calibrates: true }),
      });
      const { page, html, markdown, figures } = made;
      return {
        text: `${renderText(page)}\n\nWritten: ${[html, markdown, ...figures].join(', ')}`,
        json: { name, title: page.title, html, markdown, figures, ...page.record },
      };
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Interrupted('Stopped; what has finished is kept. To go on, give the same command again.');
    } finally {
      progress.finish();
      afterwards.finish();
    }
  },
};

/** The paper's settings for its own data sets. */
async function presetOfData(data: string | undefined) {
  if (data === undefined) return undefined;
  const { loadDataset } = await import('../data/encoded-dataset.js');
  const { manifest } = await loadDataset(data);
  const name = presetNames.find((preset) => preset === manifest.dataset);
  return name && findPreset(name);
}

/** An option that nothing would read is a mistake of who gave it. */
function requireRead(
  name: string,
  { needsData, options }: Reproduction,
  { out: _out, ...given }: z.infer<typeof optionsSchema>,
): void {
  const own: readonly string[] = ownOptions.filter((option) => !options.some((read) => read === option));
  const unread = Object.entries(given).find(
    ([option, value]) => value !== undefined && (!needsData || own.includes(option)),
  );
  if (!unread) return;
  const flag = `--${unread[0].replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UserError(
    needsData
      ? `${name} does not read ${flag}.`
      : `${name} is computed, without any training: it does not read ${flag}.`,
    `leave ${flag} out`,
    2,
  );
}

/** The rows of a table say what the methods are, and --seeds the seeds. */
function requireRowsDecide(layers: readonly ConfigLayer[]): void {
  for (const { values, locate } of layers) {
    // A file may be one that `train` uses too.
    if (locate) continue;
    if (Object.keys(Object(values.method)).length > 0) {
      throw new UserError(
        'Methods, bits and rounding are those of the table, not for --set here.',
        undefined,
        2,
      );
    }
    if (Object.hasOwn(Object(values.training), 'seed')) {
      throw new UserError('The seed is not for --set here.', 'pass --seeds N for seeds 1 to N', 2);
    }
  }
}

function clipList(text: string): number[] {
  return text.split(',').map((part) => {
    const clip = Number(part);
    if (part.trim() !== '' && Number.isFinite(clip) && clip > 0) return clip;
    throw new UserError(
      `The option --clips is '${text}', but must be numbers above 0, such as 1,0.1.`,
      undefined,
      2,
    );
  });
}

function dimList(text: string): number[] {
  const dims = text.split(',').map(wholeNumber('--dims', 1));
  const twin = dims.find((dim, i) => dims.indexOf(dim) !== i);
  if (twin !== undefined) throw new UserError(`The option --dims has ${twin} twice.`, undefined, 2);
  return dims;
}
