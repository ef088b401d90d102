// Initial deviation and weight decay of rows: which do best for `full` on validation, on flights (one epoch) and
// frappe (until it stops). The defaults of the configuration come from here.
//
//   node dist/experiments/defaults.js DATA OUT flights|frappe
import { merge } from '../src/runs/resolve-config.js';
import { readYaml, runCell } from './cells.js';

const [data, out, kind] = process.argv.slice(2);
if (!data || !out || (kind !== 'flights' && kind !== 'frappe')) {
  throw new Error('usage: defaults DATA OUT flights|frappe');
}
const epochs = kind === 'flights' ? { epochs: 1 } : { epochs: 40, patience: 3 };
const base = merge(readYaml('experiments/flights-reference.yaml'), { training: epochs });
const cells = [
  ...[0.001, 0.003, 0.01, 0.03].map((deviation) => ({ deviation, weightDecay: 0 })),
  ...[1e-6, 1e-5].map((weightDecay) => ({ deviation: 0.003, weightDecay })),
];

console.log('| initial deviation | weight decay | validation AUC | logloss | best epoch |');
console.log('| --- | --- | --- | --- | --- |');
for (const { deviation, weightDecay } of cells) {
  const settings = {
    method: { name: 'full' },
    model: { initialDeviation: deviation },
    optimizer: { weightDecay },
  };
  const cell = { name: `full-${deviation}-${weightDecay}`, seed: 1, settings };
  const { result } = await runCell(cell, { data, out, base, split: null });
  const { auc, logloss } = result.validation;
  console.log(
    `| ${deviation} | ${weightDecay} | ${auc?.toFixed(4)} | ${logloss?.toFixed(4)} | ${result.bestEpoch} |`,
  );
}
