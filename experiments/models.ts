// Every model, trained in fp32 and by ALPT at 8 bits, on flights (one epoch) or frappe (to its end), all with the same
// settings: those of experiments/flights-reference.yaml or frappe-dcn.yaml, as far as a model has them. Prints the
// tables of docs/models.md. Cells that have finished are never trained again, so it may be stopped and goes on. In place
// of SEEDS, `speed` trains each for one epoch, by itself: with nothing else running. `print` prints what has finished.
//
//   node dist/experiments/models.js DATA OUT [SEEDS|speed|print]      DATA: bitrow prepare flights|frappe … --out DATA
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type CompareOptions, compare } from '../src/comparing/compare.js';
import { resolveVariants, type VariantSpec } from '../src/comparing/variants.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import { modelNames } from '../src/models/registry.js';
import type { Comparison } from '../src/reports/comparison.js';
import { writeReport } from '../src/reports/write-report.js';
import { readConfigFile } from '../src/runs/config-file.js';
import { merge, type PartialConfig } from '../src/runs/resolve-config.js';
import { modelsTable } from './models-table.js';

interface Protocol {
  settings: string;
  /** What a model is trained with beside or instead of the settings that all have. */
  own: Readonly<Record<string, PartialConfig>>;
}

/** BARS, LR_frappe_x1: 100 epochs with a regularizer of 1e-5, ended early after two epochs without a better AUC. */
const linear: PartialConfig = {
  optimizer: { weightDecay: 1e-5, drops: { afterEpochs: [] } },
  training: { epochs: 100, patience: 2 },
};

const protocols: Readonly<Record<string, Protocol>> = {
  flights: { settings: 'experiments/flights-reference.yaml', own: {} },
  frappe: {
    settings: 'experiments/frappe-dcn.yaml',
    // With the regularizer of DCN, 0.05, embeddings of `fm` come to nothing before their products tell anything.
    own: { 'logistic-regression': linear, fm: linear },
  },
};

/** Variants of a model beside its defaults. */
const further: Readonly<Record<string, Record<string, PartialConfig>>> = {
  'dcn-v2': { 'dcn-v2 of rank 32': { rank: 32 }, 'dcn-v2 stacked': { structure: 'stacked' } },
};

const [data, out, what = '1'] = process.argv.slice(2);
if (!data || !out) throw new Error('usage: models DATA OUT [SEEDS|speed|print]');
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
  { layers: [await readConfigFile(protocol.settings)] },
);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const speedOut = join(out, 'speed');
const threads = availableParallelism();
try {
  if (what === 'speed') {
    // One at a time, so that speeds may stand beside each other.
    await run(speedOut, { variants: variants.map(oneEpoch), seeds: [1], jobs: 1 });
  } else if (what !== 'print') {
    const seeds = Array.from({ length: Number(what) }, (_, i) => i + 1);
    await writeReport(await run(out, { variants, seeds, jobs: threads }), join(out, 'report'));
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
console.log(modelsTable(stored(out), existsSync(speedOut) ? stored(speedOut) : null, manifest));

function run(out: string, asked: Pick<CompareOptions, 'variants' | 'seeds' | 'jobs'>): Promise<Comparison> {
  return compare({
    ...asked,
    data,
    out,
    threads,
    command: `node dist/experiments/models.js ${data} ${out} ${what}`,
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind !== 'cell-end') return;
      const { status, validation, samplesPerSecond } = event.cell;
      console.error(
        `${event.variant}, seed ${event.seed}: ${status}, validation AUC ${validation?.auc}, ${Math.round(samplesPerSecond ?? 0)} samples/s`,
      );
    },
  });
}

function oneEpoch({ name, config }: VariantSpec): VariantSpec {
  return { name, config: { ...config, training: { ...config.training, epochs: 1 } } };
}

function stored(out: string): Comparison {
  return JSON.parse(readFileSync(join(out, 'comparison.json'), 'utf8')) as Comparison;
}
