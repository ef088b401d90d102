// Every command by its name, in the order of `bitrow --help`: one file and one line each.
import { benchCommand } from './bench.js';
import type { CommandSpec } from './command.js';
import { compareCommand } from './compare.js';
import { evaluateCommand } from './evaluate.js';
import { exportCommand } from './export.js';
import { generateCommand } from './generate.js';
import { inspectCommand } from './inspect.js';
import { predictCommand } from './predict.js';
import { prepareCommand } from './prepare.js';
import { quantizeCommand } from './quantize.js';
import { reproduceCommand } from './reproduce.js';
import { serveCommand } from './serve.js';
import { trainCommand } from './train.js';

export const commands = {
  generate: generateCommand,
  prepare: prepareCommand,
  train: trainCommand,
  evaluate: evaluateCommand,
  predict: predictCommand,
  serve: serveCommand,
  quantize: quantizeCommand,
  export: exportCommand,
  compare: compareCommand,
  reproduce: reproduceCommand,
  inspect: inspectCommand,
  bench: benchCommand,
} as const satisfies Record<string, CommandSpec>;
