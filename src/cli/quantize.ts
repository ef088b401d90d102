// `bitrow quantize`: fp32 tables of a file, or the table of a run, in 8, 4 or 2 bits.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../errors.js';
import { layoutNames, layouts } from '../posttraining/layouts/registry.js';
import { quantizedBits, sides } from '../posttraining/quantizer.js';
import { quantizerNames, quantizers } from '../posttraining/registry.js';
import { type CheckpointName, checkpointNames } from '../runs/run-directory.js';
import type { CommandSpec, Invocation, Result } from './command.js';
import { oneOf, threadCount } from './option-values.js';
import { createProgress } from './progress.js';

/** Unless more are asked for: one thread reads and writes, and what it can feed has an end. */
const MOST_THREADS = 8;

const optionsSchema = z.object({
  out: z.string(),
  method: z.enum(quantizerNames),
  bits: z.literal(quantizedBits),
  layout: z.enum(layoutNames).optional(),
  side: z.enum(sides).optional(),
  tensor: z.array(z.string()).optional(),
  data: z.string().optional(),
  split: z.string().optional(),
  checkpoint: z.enum(checkpointNames).optional(),
  threads: z.number().optional(),
  ignoreLimits: z.boolean().optional(),
  force: z.boolean().optional(),
});
/** The options of the command as they were given. */
export type QuantizeOptions = z.infer<typeof optionsSchema>;

const listed = (registry: Readonly<Record<string, { summary: string }>>) =>
  Object.entries(registry)
    .map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`)
    .join('\n');

export const quantizeCommand: CommandSpec = {
  example: 'bitrow quantize table.npy --method minmax --bits 4 --out table-4.safetensors',
  declare(command) {
    command
      .argument('<input>', 'a .npy or .safetensors file with fp32 or fp16 tables (rows, width), or a run')
      .requiredOption('--out <file>', 'file to make: .safetensors, or .npy for one table in torch-rows')
      .requiredOption('--method <name>', 'how rows are quantized (below)', oneOf('--method', quantizerNames))
      .requiredOption('--bits <n>', `bits of a code: ${quantizedBits.join(', ')}`, bitsOption)
      .option(
        '--layout <name>',
        'how rows are stored (below; default: bitrow-rows)',
        oneOf('--layout', layoutNames),
      )
      .option(
        '--side <type>',
        'fp32 or fp16: what scales, biases and codebooks are stored as (default: fp32 at 8 bits, fp16 at 4 and 2)',
        oneOf('--side', sides),
      )
      .option('--tensor <name...>', 'tensors of a .safetensors to quantize (default: all of two dimensions)')
      .option('--data <dir>', 'of a run: the data set to score it on, before and after')
      .option('--split <name>', 'of --data: train, validation or test (default: test)')
      .option(
        '--checkpoint <name>',
        'of a run: the model of the best (default) or the last epoch',
        oneOf<CheckpointName>('--checkpoint', checkpointNames),
      )
      .option('--threads <n>', 'default: all processors, at most 8', threadCount)
      .option('--ignore-limits', 'go on with a run even where memory seems too small')
      .option('--force', 'replace a file that is already at --out')
      .addHelpText('after', `\nMethods:\n${listed(quantizers)}\n\nLayouts:\n${listed(layouts)}`);
  },
  async run({ args, options, json, signal }) {
    const given = optionsSchema.parse(options);
    const input = args[0] ?? '';
    if (!existsSync(input)) throw new UserError(`There is nothing at '${input}'.`);
    if (existsSync(join(input, 'run.json'))) {
      const { quantizeRun } = await import('./quantize-run.js');
      return quantizeRun(input, given, { json, signal });
    }
    return quantizeTables(input, given, { json, signal });
  },
};

async function quantizeTables(
  input: string,
  { tensor, data, split, checkpoint, threads, ignoreLimits, ...given }: QuantizeOptions,
  { json, signal }: Pick<Invocation, 'json' | 'signal'>,
): Promise<Result> {
  for (const [name, value] of Object.entries({
    data,
    split,
    checkpoint,
    'ignore-limits': ignoreLimits,
  })) {
    if (value === undefined) continue;
    throw new UserError(
      `The option --${name} is for runs: '${input}' is a file, which no model belongs to.`,
      undefined,
      2,
    );
  }
  const { blockTeam } = await import('../posttraining/block-team.js');
  const { quantizeFile } = await import('../posttraining/quantize-file.js');
  const { quantizeSummary } = await import('./quantize-summary.js');
  const progress = createProgress(process.stderr, { json });
  const began = performance.now();
  const report = await quantizeFile({
    ...given,
    input,
    tensors: tensor,
    team: blockTeam(threads ?? Math.min(MOST_THREADS, availableParallelism())),
    signal,
    onProgress: (state) => progress.update({ ...state, unit: 'rows' }),
  }).finally(progress.finish);
  return quantizeSummary(input, report, (performance.now() - began) / 1000);
}

function bitsOption(text: string): number {
  return Number(oneOf('--bits', quantizedBits.map(String))(text));
}
