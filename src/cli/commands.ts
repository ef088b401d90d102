// Every command by its name, in the order of `bitrow --help`: one file and one entry each. A command's file is loaded when
// the command is asked for, so that no help and no error waits for the others.
import type { ListedCommand } from './command.js';

export const commands = {
  generate: {
    summary: 'make raw rows that look like a known data set, with a known best AUC',
    load: async () => (await import('./generate.js')).generateCommand,
  },
  prepare: {
    summary: 'turn raw rows into an encoded data set',
    load: async () => (await import('./prepare.js')).prepareCommand,
  },
  train: {
    summary: 'train a model on an encoded data set',
    load: async () => (await import('./train.js')).trainCommand,
  },
  evaluate: {
    summary: 'metrics of a run or a bundle on a split, also by slice; predictions of its rows',
    load: async () => (await import('./evaluate.js')).evaluateCommand,
  },
  predict: {
    summary: 'score raw files with a run or a bundle',
    load: async () => (await import('./predict.js')).predictCommand,
  },
  serve: {
    summary: 'answer requests over HTTP with runs or bundles',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  quantize: {
    summary: 'trained tables in 8, 4 or 2 bits: of a .npy or .safetensors file, or of a run',
    load: async () => (await import('./quantize.js')).quantizeCommand,
  },
  export: {
    summary: 'the model of a run as ONNX, safetensors, PyTorch rows, or a bundle to serve',
    load: async () => (await import('./export.js')).exportCommand,
  },
  compare: {
    summary: 'compare methods over several seeds on one data set',
    load: async () => (await import('./compare.js')).compareCommand,
  },
  reproduce: {
    summary: 'make a table or figure of the papers on your data',
    load: async () => (await import('./reproduce.js')).reproduceCommand,
  },
  inspect: {
    summary: 'what a run, a bundle, a data set, a .safetensors or a .npy file is',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  bench: {
    summary: 'measure how fast bitrow is on this machine',
    load: async () => (await import('./bench.js')).benchCommand,
  },
} as const satisfies Record<string, ListedCommand>;
