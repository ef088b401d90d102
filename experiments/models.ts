// Every model, trained in fp32 and by ALPT at 8 bits, on flights (one epoch) or frappe (to its end), all with the same
// settings: those of experiments/flights-reference.yaml or frappe-dcn.yaml, as far as a model has them. Prints the
// tables of docs/models.md. Cells that have finished are never trained again, so it may be stopped and goes on; with
// `print` in place of SEEDS, and when it is stopped, it prints what has finished.
//
//   node dist/experiments/models.js DATA OUT [SEEDS|print]      DATA: bitrow prepare flights|frappe … --out DATA
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compare } from '../src/comparing/compare.js';
import { resolveVariants } from '../src/comparing/variants.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import { modelNames } from '../src/models/registry.js';
import type { Comparison } from '../src/reports/comparison.js';
import { writeReport } from '../src/reports/write-report.js';
import { merge, type PartialConfig } from '../src/runs/resolve-config.js';
import { readYaml } from './cells.js';
import { modelsTable } from './models-table.js';

interface Protocol {
  settings: string;
  /** What a model is trained with beside or instead of the settings that all have. */
  own: Readonly<Record<string, PartialConfig>>;
}

const protocols: Readonly<Record<string, Protocol>> = {
  flights: { settings: 'experiments/flights-reference.yaml', own: {} },
  frappe: {
    settings: 'experiments/frappe-dcn.yaml',
    own: {
      // BARS, LR_frappe_x1: 100 epochs with a regularizer of 1e-5, ended early after two epochs without a better AUC.
      'logistic-regression': {
        optimizer: { weightDecay: 1e-5, drops: { afterEpochs: [] } },
        training: { epochs: 100, patience: 2 },
      },
    },
  },
};

/** Variants of a model beside its defaults. */
const further: Readonly<Record<string, Record<string, PartialConfig>>> = {
  'dcn-v2': { 'dcn-v2 of rank 32': { rank: 32 }, 'dcn-v2 stacked': { structure: 'stacked' } },
};

const [data, out, seeds = '1'] = process.argv.slice(2);
if (!data || !out) throw new Error('usage: models DATA OUT [SEEDS|print]');
const { manifest } = await loadDataset(data);
const protocol = protocols[manifest.dataset];
if (!protocol)
  throw new Error(`There are no settings for '${manifest.dataset}' (${Object.keys(protocols)}).`);

const networks = modelNames.flatMap((name) => [
  { name, model: { name } as PartialConfig, own: protocol.own[name] ?? {} },
  ...Object.entries(further[name] ?? {}).map(([title, options]) => ({
    name: title,
    model: { name, ...options },
    own: protocol.own[name] ?? {},
  })),
]);
const variants = resolveVariants(
  networks.flatMap(({ name, model, own }) =>
    ['full', 'alpt:8'].map((method) => ({
      method,
      name: `${name}, ${method}`,
      own: { values: merge({ model }, own) },
    })),
  ),
  { layers: [{ values: readYaml(protocol.settings) }] },
);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
if (seeds !== 'print') {
  try {
    const comparison = await compare({
      data,
      out,
      variants,
      seeds: Array.from({ length: Number(seeds) }, (_, i) => i + 1),
      threads: availableParallelism(),
      // One at a time, so that speeds may stand beside each other.
      jobs: 1,
      command: `node dist/experiments/models.js ${data} ${out} ${seeds}`,
      signal: stop.signal,
      onProgress: (event) => {
        if (event.kind !== 'cell-end') return;
        const { status, validation } = event.cell;
        console.error(`${event.variant}, seed ${event.seed}: ${status}, validation AUC ${validation?.auc}`);
      },
    });
    await writeReport(comparison, join(out, 'report'));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}
const comparison = JSON.parse(readFileSync(join(out, 'comparison.json'), 'utf8')) as Comparison;
console.log(modelsTable(comparison, manifest));
