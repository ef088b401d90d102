// One table of the same variants on several data sets, from the comparisons that `bitrow compare` wrote: validation (or
// with `test` the test split) AUC and logloss, with the paired difference to a variant where there are more seeds than
// one, and bytes of a row in training.
//
//   node dist/experiments/across-data.js [--test] [--to VARIANT] NAME=COMPARISON…
//
// COMPARISON is the --out of a `compare`; variants are matched by name, in the order of the first one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { meanDeviation } from '../src/metrics/mean-deviation.js';
import { pairedDifference } from '../src/metrics/paired-difference.js';
import type { Comparison, Variant } from '../src/reports/comparison.js';
import { fixed, signed } from '../src/reports/numbers.js';

const { values, positionals } = parseArgs({
  options: { test: { type: 'boolean', default: false }, to: { type: 'string' } },
  allowPositionals: true,
});
const split = values.test ? 'test' : 'validation';
const data = positionals.map((given) => {
  const at = given.indexOf('=');
  if (at < 1) throw new Error('usage: across-data [--test] [--to VARIANT] NAME=COMPARISON…');
  const comparison = JSON.parse(
    readFileSync(join(given.slice(at + 1), 'comparison.json'), 'utf8'),
  ) as Comparison;
  return { name: given.slice(0, at), comparison };
});
if (data.length === 0) throw new Error('usage: across-data [--test] [--to VARIANT] NAME=COMPARISON…');

const names = [...new Set(data.flatMap(({ comparison }) => comparison.variants.map(({ name }) => name)))];
const find = ({ variants }: Comparison, name: string) => variants.find((variant) => variant.name === name);

/** A metric of the seeds that have finished. */
function scores(variant: Variant | undefined, metric: 'auc' | 'logloss'): Map<number, number> {
  const cells = variant?.cells ?? [];
  return new Map(
    cells.flatMap((cell) => {
      const value = cell[split]?.[metric];
      return typeof value === 'number' ? [[cell.seed, value] as const] : [];
    }),
  );
}

/** The mean; and, where more than one seed has both, the difference to the reference with its 90 % interval. */
function shown(
  variant: Variant | undefined,
  reference: Variant | undefined,
  metric: 'auc' | 'logloss',
): string {
  const own = scores(variant, metric);
  const { mean, count } = meanDeviation([...own.values()]);
  if (mean === null) return '–';
  const others = scores(reference, metric);
  const both = [...own.keys()].filter((seed) => others.has(seed));
  if (variant === reference || both.length < 2) return `${fixed(mean, 4)}${count > 1 ? '' : ' (1)'}`;
  const paired = pairedDifference(
    both.map((seed) => own.get(seed) ?? Number.NaN),
    both.map((seed) => others.get(seed) ?? Number.NaN),
  );
  if (paired.mean === null || paired.low === null || paired.high === null) return fixed(mean, 4);
  return `${fixed(mean, 4)}, ${signed(paired.mean, 5)} [${signed(paired.low, 5)}, ${signed(paired.high, 5)}]`;
}

function rowBytes(variant: Variant, { data: { features } }: Comparison): string {
  const { table, step, optimizer } = variant.memory.training;
  return ((table + step + optimizer) / features).toFixed(0);
}

console.log(`| | bytes a row | ${data.map(({ name }) => `${name} AUC | logloss`).join(' | ')} |`);
console.log(`| --- | --- |${' --- | --- |'.repeat(data.length)}`);
for (const name of names) {
  const first = data.find(({ comparison }) => find(comparison, name));
  const variant = first && find(first.comparison, name);
  if (!first || !variant) continue;
  const cells = data.flatMap(({ comparison }) => {
    const reference = values.to === undefined ? comparison.variants[0] : find(comparison, values.to);
    const own = find(comparison, name);
    return [shown(own, reference, 'auc'), shown(own, reference, 'logloss')];
  });
  console.log(`| ${[name, rowBytes(variant, first.comparison), ...cells].join(' | ')} |`);
}
