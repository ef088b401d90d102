// The accuracy of every method on flights, beside what an independent implementation got: test AUC and logloss over
// seeds, and for ALPT at 8 bits what the table looks like after the epoch.
//
//   node dist/experiments/flights-reference.js DATA OUT [SEEDS]      DATA: bitrow prepare flights --out DATA
import { meanDeviation } from '../src/metrics/mean-deviation.js';
import type { PartialConfig } from '../src/runs/resolve-config.js';
import { type CellResult, readYaml, runCell } from './cells.js';

interface Row {
  name: string;
  settings: PartialConfig;
  /** Test AUC, its standard deviation (null: one seed), and logloss of the independent implementation. */
  reference: { auc: number; deviation: number | null; logloss: number };
}

const method = (name: string, bits = 8, rounding = 'stochastic') => ({ method: { name, bits, rounding } });

const rows: Row[] = [
  { name: 'full', settings: method('full'), reference: { auc: 0.89816, deviation: 0.0004, logloss: 0.301 } },
  { name: 'lpt:8', settings: method('lpt'), reference: { auc: 0.89804, deviation: 0.0004, logloss: 0.3016 } },
  {
    name: 'alpt:8',
    settings: method('alpt'),
    reference: { auc: 0.89782, deviation: 0.0003, logloss: 0.3014 },
  },
  {
    name: 'alpt:4',
    settings: { ...method('alpt', 4), alpt: { firstStep: 0.006, stepLearningRate: 1e-4 } },
    reference: { auc: 0.8966, deviation: 0.0004, logloss: 0.3034 },
  },
  { name: 'lpt:4', settings: method('lpt', 4), reference: { auc: 0.895, deviation: null, logloss: 0.306 } },
  {
    name: 'lpt:8 clip 1',
    settings: { ...method('lpt'), lpt: { clip: 1 } },
    reference: { auc: 0.8963, deviation: null, logloss: 0.3036 },
  },
  {
    name: 'lpt:8:deterministic',
    settings: method('lpt', 8, 'deterministic'),
    reference: { auc: 0.8976, deviation: null, logloss: 0.3022 },
  },
  {
    name: 'alpt:8:deterministic',
    settings: method('alpt', 8, 'deterministic'),
    reference: { auc: 0.8983, deviation: null, logloss: 0.3006 },
  },
];
/** Stands in for a deviation that one seed cannot give: that of the others. */
const USUAL_DEVIATION = 0.0004;

const [data, out, seeds = '5'] = process.argv.slice(2);
if (!data || !out) throw new Error('usage: flights-reference DATA OUT [SEEDS]');
const base = readYaml('experiments/flights-reference.yaml');
const results = new Map<string, CellResult[]>(rows.map(({ name }) => [name, []]));
for (let seed = 1; seed <= Number(seeds); seed++) {
  for (const { name, settings } of rows) {
    results.get(name)?.push(await runCell({ name, seed, settings }, { data, out, base, split: 'test' }));
  }
}

console.log('| method | test AUC, mean ± sd | reference | difference (allowed) | test logloss | reference |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const { name, reference } of rows) {
  const cells = results.get(name) ?? [];
  const auc = meanDeviation(cells.flatMap(({ test }) => test?.auc ?? []));
  const logloss = meanDeviation(cells.flatMap(({ test }) => test?.logloss ?? []));
  const allowed = 2 * (reference.deviation ?? USUAL_DEVIATION) + 0.0003;
  const difference = (auc.mean ?? Number.NaN) - reference.auc;
  const verdict = Math.abs(difference) <= allowed ? '' : ' **outside**';
  console.log(
    `| ${name} | ${auc.mean?.toFixed(5)} ± ${auc.deviation?.toFixed(5) ?? '–'} | ${reference.auc.toFixed(5)} | ${difference >= 0 ? '+' : ''}${difference.toFixed(5)} (±${allowed.toFixed(4)})${verdict} | ${logloss.mean?.toFixed(4)} | ${reference.logloss.toFixed(4)} |`,
  );
}

console.log(
  '\nTable of alpt:8 after the epoch (reference: steps 1.36e-4, 4.22e-4, 8.44e-4; 0.34 % saturated, 2.1 % zero)',
);
for (const { seed, epochs } of results.get('alpt:8') ?? []) {
  const table = epochs[epochs.length - 1].table;
  const steps = table?.steps?.quantiles.map((step) => step.toExponential(2)).join(', ');
  const [saturated, zero] = [table?.saturated ?? 0, table?.zero ?? 0].map((share) =>
    (100 * share).toFixed(2),
  );
  console.log(`seed ${seed}: steps ${steps}; ${saturated} % saturated, ${zero} % zero`);
}
