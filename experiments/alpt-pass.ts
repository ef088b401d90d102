// What ALPT's second pass is worth, from the comparisons of experiments/alpt-pass.yaml, which says how they are made: AUC (of the
// test split where it was scored, else validation) and its paired difference to the exact pass, quantiles of the steps after
// training, and codes at an end of their grid. Prints the numbers of docs/performance.md.
//
//   node dist/experiments/alpt-pass.js COMPARISON…
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meanDeviation } from '../src/metrics/mean-deviation.js';
import { pairedDifference } from '../src/metrics/paired-difference.js';
import type { Comparison, Variant } from '../src/reports/comparison.js';
import { fixed, signed } from '../src/reports/numbers.js';

for (const path of process.argv.slice(2)) {
  const comparison = JSON.parse(readFileSync(join(path, 'comparison.json'), 'utf8')) as Comparison;
  const split = comparison.split === null ? 'validation' : 'test';
  const scores = ({ cells }: Variant) => cells.map((cell) => cell[split]?.auc ?? Number.NaN);
  console.log(
    `| ${comparison.data.dataset} | AUC | − exact pass | steps · 1000: 50 (10, 90) % | at an end |`,
  );
  console.log('| --- | --- | --- | --- | --- |');
  for (const variant of comparison.variants) {
    if (variant.method !== 'alpt') continue;
    const exact = comparison.variants.find(({ name }) => name === variant.name.replace(/,.*/, ', full'));
    const { mean, low, high } = pairedDifference(scores(variant), scores(exact ?? variant));
    const tables = variant.cells.flatMap(
      ({ epochs, bestEpoch }) => epochs[(bestEpoch ?? 0) - 1]?.table ?? [],
    );
    const median = (percent: number) =>
      [...tables.map(({ stepPercentiles }) => stepPercentiles?.[percent] ?? Number.NaN)].sort(
        (a, b) => a - b,
      )[tables.length >> 1];
    const step = (percent: number) => (1000 * median(percent)).toFixed(2);
    const saturated = meanDeviation(tables.map((table) => table.saturated)).mean ?? Number.NaN;
    const difference = [mean, low, high].map((value) => signed(value ?? Number.NaN, 4));
    console.log(
      `| ${variant.name} | ${fixed(meanDeviation(scores(variant)).mean ?? Number.NaN, 4)} | ${difference[0]} [${difference[1]}, ${difference[2]}] | ${step(50)} (${step(10)}, ${step(90)}) | ${(100 * saturated).toFixed(2)} % |`,
    );
  }
}
