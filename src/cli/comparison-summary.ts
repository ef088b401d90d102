// What `bitrow compare` prints at its end: a line for each variant, for a grid ranked by validation, and the same as
// JSON.
import { type RankedVariant, rankVariants } from '../comparing/ranking.js';
import type { MeanDeviation } from '../metrics/mean-deviation.js';
import type { PairedDifference } from '../metrics/paired-difference.js';
import type { Comparison } from '../reports/comparison.js';
import { count } from '../reports/numbers.js';
import {
  type ComparedSplit,
  reportedSplit,
  type SummaryRow,
  splitName,
  summarize,
} from '../reports/summary.js';
import type { Result } from './command.js';
import { duration, times } from './quantities.js';

/** The text for people and the object of --json. Exit code 1 where a cell failed. */
export function comparisonSummary(
  comparison: Comparison,
  { out, isGrid }: { out: string; isGrid: boolean },
): Result {
  const summary = summarize(comparison);
  const ranking = isGrid ? rankVariants(comparison) : null;
  const split = reportedSplit(comparison);
  const text = [
    ...table(comparison, summary, split),
    ...(ranking ? ['', ...rankingLines(ranking)] : []),
    ...troubles(comparison),
    '',
    `Comparison: ${out}/comparison.json`,
  ].join('\n');
  const hasFailed = comparison.variants.some(({ cells }) => cells.some(({ status }) => status === 'failed'));
  return {
    text,
    json: { out, comparison, summary, ...(ranking && { ranking }) },
    ...(hasFailed && { exitCode: 1 }),
  };
}

function table(comparison: Comparison, summary: readonly SummaryRow[], split: ComparedSplit): string[] {
  const { variants, seeds } = comparison;
  const [first] = variants;
  const head = [
    `${splitName(comparison, split)}, ${seeds.length} seed${seeds.length === 1 ? '' : 's'}`,
    'AUC',
    `− ${first.name} [90 %]`,
    'logloss',
    'epochs × time',
    'samples/s',
    'table',
    '+ optimizer',
    'served',
  ];
  const rows = summary.map((row) => [
    row.name,
    spread(row[split].auc),
    row.difference ? interval(row.difference[split].auc) : '',
    spread(row[split].logloss),
    row.secondsPerEpoch === null ? '–' : `${range(row.bestEpochs)} × ${duration(row.secondsPerEpoch)}`,
    row.samplesPerSecond === null ? '–' : count(row.samplesPerSecond),
    times(row.ratios.trainingTable, 1),
    times(row.ratios.trainingWithOptimizer, 1),
    times(row.ratios.inference, 1),
  ]);
  return [...aligned([head, ...rows]), '', 'table, + optimizer, served: how many times smaller than fp32'];
}

/** Numbers to the right; the first `words` columns to the left. */
function aligned(table: readonly string[][], words = 1): string[] {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row
      .map((cell, i) => (i < words ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

/** `0.78912 ± 0.00021`, or `0.7891 ± 0.0021`: digits that the deviation leaves a meaning. */
function spread({ mean, deviation }: MeanDeviation): string {
  if (mean === null) return '–';
  const digits = deviation !== null && deviation >= 0.001 ? 4 : 5;
  return deviation === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

/** `−0.00021 [−0.00040, −0.00002]`. */
function interval({ mean, low, high }: PairedDifference): string {
  if (mean === null) return '–';
  return low === null || high === null ? signed(mean) : `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}

function signed(value: number): string {
  const digits = Math.abs(value).toFixed(5);
  return `${value < 0 && Number(digits) > 0 ? '−' : '+'}${digits}`;
}

/** `2`, or `1 to 3`. */
function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function rankingLines(ranking: readonly RankedVariant[]): string[] {
  const rows = ranking.map(({ name, auc, difference, isTied }, i) => [
    `${i + 1}.`,
    name,
    spread(auc),
    difference ? interval(difference) : '',
    isTied ? '=' : '',
  ]);
  return [
    ...aligned([['', 'by validation AUC', 'mean ± deviation', '− the best [90 %]', ''], ...rows], 2),
    '= not told apart from the best: the interval includes 0, or there are too few seeds for one',
  ];
}

/** Cells without a result, in words. */
function troubles({ variants }: Comparison): string[] {
  const lines = variants.flatMap(({ name, cells }) =>
    cells
      .filter(({ status }) => status !== 'finished')
      .map(({ seed, status, error }) => `${name}, seed ${seed} ${status}: ${error}`),
  );
  const hasFailed = variants.some(({ cells }) => cells.some(({ status }) => status === 'failed'));
  return [
    ...(lines.length > 0 ? ['', ...lines] : []),
    ...(hasFailed ? ['What failed is tried again by the same command.'] : []),
  ];
}
