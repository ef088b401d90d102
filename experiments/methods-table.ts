// The Markdown table of a comparison in README and docs/results.md.
import type { Comparison } from '../src/reports/comparison.js';
import { bytes, fixed, signed, times } from '../src/reports/numbers.js';
import {
  type ComparedSplit,
  reportedSplit,
  type SummaryRow,
  splitName,
  summarize,
} from '../src/reports/summary.js';

/** A line for each variant: AUC and logloss over seeds, paired difference to the first, bytes. */
export function methodsTable(comparison: Comparison): string {
  const split = reportedSplit(comparison);
  const seeds = comparison.seeds.length;
  return [
    `| method | ${splitName(comparison, split)} AUC, ${seeds} seeds | difference to ${comparison.variants[0].name}, 90 % interval | logloss | served table | training with optimizer |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...summarize(comparison).map((row) => line(row, split)),
  ].join('\n');
}

function line(row: SummaryRow, split: ComparedSplit): string {
  const { auc, logloss } = row[split];
  const difference = row.difference?.[split].auc;
  const interval =
    difference && difference.mean !== null
      ? `${signed(difference.mean, 5)} (${difference.low === null ? '–' : `${signed(difference.low, 5)} … ${signed(difference.high ?? 0, 5)}`})`
      : '';
  const cells = [
    row.name,
    auc.mean === null
      ? '–'
      : `${fixed(auc.mean, 4)} ± ${auc.deviation === null ? '–' : fixed(auc.deviation, 4)}`,
    interval,
    logloss.mean === null ? '–' : fixed(logloss.mean, 4),
    `${bytes(row.bytes.inference)} (${times(row.ratios.inference)})`,
    `${bytes(row.bytes.trainingWithOptimizer)} (${times(row.ratios.trainingWithOptimizer)})`,
  ];
  return `| ${cells.join(' | ')} |`;
}
