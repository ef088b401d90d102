// `bitrow bench`: how fast parts of bitrow are on this machine.
import { unknownName } from '../errors.js';
import type { CommandSpec } from './command.js';
import { wholeNumber } from './option-values.js';
import { createProgress } from './progress.js';

export const benchCommand: CommandSpec = {
  example: 'bitrow bench step --data data/flights',
  declare(command) {
    command
      .argument(
        '[name...]',
        'benchmarks to run (default: all): step, peers, kernels, tables, prepare, read, evaluate, quantize, lookup, serve, startup',
      )
      .option('--data <dir>', 'encoded data set to run on', 'data/flights')
      .option(
        '--shape <name>',
        'batch and network (step, peers, evaluate): A for data like Criteo, B for flights',
        'B',
      )
      .option('--figure <file>', 'where to draw the losses of all, as SVG (peers)')
      .option(
        '--python <program>',
        'Python with torch, to measure beside (quantize, lookup, peers); without one that part is left out',
        process.env.BITROW_PYTHON ?? 'python3',
      )
      .option(
        '--features <n>',
        'rows of the table to serve (serve; default: 5,000,000)',
        wholeNumber('--features', 1000),
      )
      .option('--seconds <n>', 'of load in each turn (serve; default: 5)', wholeNumber('--seconds', 1));
  },
  async run({ args, options, json, signal }) {
    const { benchmarks } = await import('../bench/registry.js');
    const { shapeNames } = await import('../bench/shapes.js');
    const shape = shapeNames.find((name) => name === options.shape);
    if (shape === undefined) throw unknownName('shape', String(options.shape), shapeNames);
    const known = Object.keys(benchmarks) as (keyof typeof benchmarks)[];
    const isKnown = (name: string): name is keyof typeof benchmarks => Object.hasOwn(benchmarks, name);
    const chosen = args.length > 0 ? args : known;
    const results: Record<string, { text: string; json: Record<string, unknown> }> = {};
    const progress = createProgress(process.stderr, { json });
    try {
      for (const name of chosen) {
        if (!isKnown(name)) throw unknownName('benchmark', name, known);
        results[name] = await benchmarks[name].run({
          data: String(options.data),
          shape,
          figure: options.figure === undefined ? null : String(options.figure),
          python: String(options.python),
          features: options.features === undefined ? undefined : Number(options.features),
          seconds: options.seconds === undefined ? undefined : Number(options.seconds),
          onProgress: progress.update,
          signal,
        });
      }
    } finally {
      progress.finish();
    }
    return {
      text: Object.values(results)
        .map(({ text }) => text)
        .join('\n\n'),
      json: Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.json])),
    };
  },
};
