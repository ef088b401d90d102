// `bitrow inspect`: what a run, a bundle, an encoded data set, a safetensors or a .npy file is.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import type { CommandSpec, Result } from './command.js';

export const inspectCommand: CommandSpec = {
  example: 'bitrow inspect runs/alpt-8',
  declare(command) {
    command.argument('<path>', 'a run, a bundle, a data set, a .safetensors or a .npy file');
  },
  async run({ args }) {
    const path = args[0] ?? '';
    const { describe } = findKind(path);
    return describe(path);
  },
};

/** What can be inspected, and how each is told from the others. */
const kinds = {
  run: {
    isOne: (path: string) => existsSync(join(path, 'run.json')),
    describe: async (path: string) => (await import('./run-summary.js')).inspectRun(path),
  },
  bundle: {
    isOne: (path: string) => existsSync(join(path, 'bundle.json')),
    describe: async (path: string) => (await import('./bundle-summary.js')).inspectBundle(path),
  },
  dataset: {
    isOne: (path: string) => existsSync(join(path, 'manifest.json')),
    describe: inspectDataset,
  },
  safetensors: {
    isOne: (path: string) => statSync(path).isFile() && path.endsWith('.safetensors'),
    describe: async (path: string) => (await import('./safetensors-summary.js')).inspectSafetensors(path),
  },
  npy: {
    isOne: (path: string) => statSync(path).isFile() && path.endsWith('.npy'),
    describe: async (path: string) => (await import('./npy-summary.js')).inspectNpy(path),
  },
} as const satisfies Record<
  string,
  { isOne(path: string): boolean; describe(path: string): Promise<Result> }
>;

function findKind(path: string): { describe(path: string): Promise<Result> } {
  if (!existsSync(path)) throw new UserError(`There is nothing at '${path}'.`);
  const found = Object.values(kinds).find(({ isOne }) => isOne(path));
  if (found) return found;
  throw new UserError(
    `'${path}' is neither a run (no run.json), nor a bundle (no bundle.json), nor a data set (no manifest.json), nor a .safetensors or .npy file.`,
  );
}

async function inspectDataset(path: string): Promise<Result> {
  const { loadDataset } = await import('../data/encoded-dataset.js');
  const { datasetSummary } = await import('./dataset-summary.js');
  const { text, json } = datasetSummary((await loadDataset(path)).manifest, path);
  return { text, json: { kind: 'dataset', path, ...json } };
}
