// What `bitrow evaluate` prints: the metrics as lines, slices as a table, and the JSON without the scores of the rows.

import { count } from '../reports/numbers.js';
import { rowColumns } from '../schema/schema.js';
import type { Evaluation } from '../scoring/evaluate.js';
import { BY_DECILES, BY_FREQUENCY } from '../scoring/slices.js';
import type { Result } from './command.js';
import { metric } from './quantities.js';

/** The text for people and the object of --json. */
export function evaluationSummary(run: string, evaluation: Evaluation): Result {
  const { logits: _logits, labels: _labels, weights, groups, ...metrics } = evaluation;
  const { rows, auc, prAuc, logloss, normalizedEntropy, calibration, split, checkpoint, epoch } = metrics;
  const rate = (value: number | undefined) => (value === undefined ? 'no rows' : value.toFixed(5));
  const ratio = calibration?.ratio ?? null;
  const over = ratio === null ? '' : `   (${ratio.toFixed(3)} of the observed)`;
  const text = [
    `${run}: ${checkpoint} model (epoch ${epoch}) on ${split}, ${count(rows)} rows${weights ? ', each counted by its weight' : ''}`,
    line('AUC', metric(auc, 6)),
    line('PR-AUC', prAuc === null ? 'undefined (no ones)' : prAuc.toFixed(6)),
    line('logloss', rows === 0 ? 'no rows' : metric(logloss, 6)),
    line('normalized entropy', metric(normalizedEntropy, 6)),
    line('predicted rate', `${rate(calibration?.predicted)}${over}`),
    line('observed rate', rate(calibration?.observed)),
    ...groupedLines(metrics.grouped, groups !== null && metrics.grouped?.by === rowColumns.group),
    ...sliceLines(metrics.slices),
    ...(metrics.predictions === undefined ? [] : ['', `Predictions of all rows: ${metrics.predictions}`]),
  ].join('\n');
  return { text, json: { run, ...metrics } };
}

function line(name: string, value: string): string {
  return `  ${name.padEnd(20)}${value}`;
}

/** @param isOfData whether the groups are the data's own, not those of a field */
function groupedLines(grouped: Evaluation['grouped'], isOfData: boolean): string[] {
  if (!grouped) return [];
  const { by, auc, groups, rows, oneClassGroups, oneClassRows, ungroupedRows } = grouped;
  const left = [
    oneClassGroups > 0 ? `${count(oneClassGroups)} groups of one class (${count(oneClassRows)} rows)` : '',
    ungroupedRows > 0 ? `${count(ungroupedRows)} rows ${isOfData ? 'without a group' : 'with OOV'}` : '',
  ].filter(Boolean);
  const leftOut = left.length > 0 ? `; left out: ${left.join(', ')}` : '';
  const value = auc === null ? 'undefined' : auc.toFixed(6);
  return [
    line(
      'AUC within groups',
      `${value}   (by ${by}: ${count(groups)} groups, ${count(rows)} rows${leftOut})`,
    ),
  ];
}

const headings = ['rows', 'positives', 'rate', 'predicted/observed', 'AUC', 'logloss'] as const;

function sliceLines(report: Evaluation['slices']): string[] {
  if (!report) return [];
  const cells = report.slices.map(({ name, rows, positives, auc, logloss, calibration }) => [
    name.length > 40 ? `${name.slice(0, 39)}…` : name,
    count(rows),
    count(positives),
    calibration ? calibration.observed.toFixed(4) : '–',
    calibration?.ratio ? calibration.ratio.toFixed(3) : '–',
    auc === null ? '–' : auc.toFixed(5),
    logloss === null ? '–' : logloss.toFixed(5),
  ]);
  const titles = new Map([
    [BY_FREQUENCY, 'rarest feature in training'],
    [BY_DECILES, 'features in training, geometric mean'],
  ]);
  const title = titles.get(report.by) ?? report.by;
  const table = [[title, ...headings], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const rows = table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  return ['', ...rows.map((row) => `  ${row.trimEnd()}`)];
}
