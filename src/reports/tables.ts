// The two tables of a report: what the variants are worth, and what they cost.
import type { MeanDeviation } from '../metrics/mean-deviation.js';
import type { PairedDifference } from '../metrics/paired-difference.js';
import type { Comparison } from './comparison.js';
import type { Block, Column, Text } from './content.js';
import { differenceDecimals, valueDecimals } from './metric-decimals.js';
import { bytes, count, duration, signed, times } from './numbers.js';
import {
  type ByMetric,
  type ComparedSplit,
  reportedSplit,
  type SummaryRow,
  splitName,
  summarize,
} from './summary.js';

const nothing = '–';

interface RowColumn extends Column {
  cell(row: SummaryRow): Text;
}

function table(rows: readonly SummaryRow[], columns: readonly RowColumn[]): Block {
  return {
    kind: 'table',
    columns: columns.map(({ head, kind }) => (kind ? { head, kind } : { head })),
    rows: rows.map((row) => columns.map((column) => column.cell(row))),
  };
}

const variantColumn: RowColumn = { head: 'variant', cell: ({ name }) => [{ code: name }] };

/** Mean ± standard deviation of AUC and logloss, and the paired differences. */
export function qualityTable(comparison: Comparison): Block[] {
  const rows = summarize(comparison);
  const reported = reportedSplit(comparison);
  const splits: ComparedSplit[] = reported === 'test' ? ['validation', 'test'] : ['validation'];
  const metrics = ['auc', 'logloss'] as const;
  const names = { auc: 'AUC', logloss: 'logloss' };
  const digits = byMetric((metric) => valueDecimals(rows, splits, metric));
  const finer = byMetric((metric) => differenceDecimals(rows, reported, metric));
  return [
    table(rows, [
      variantColumn,
      {
        head: 'seeds',
        kind: 'right',
        cell: ({ cells }) =>
          cells.finished === comparison.seeds.length
            ? `${cells.finished}`
            : `${cells.finished} of ${comparison.seeds.length}`,
      },
      ...splits.flatMap((split) =>
        metrics.map(
          (metric): RowColumn => ({
            head: `${splitName(comparison, split)} ${names[metric]}`,
            kind: 'right',
            cell: (row) => meanText(row[split][metric], digits[metric]),
          }),
        ),
      ),
      ...metrics.map(
        (metric): RowColumn => ({
          head: `${reported} ${names[metric]} − first`,
          kind: 'interval',
          cell: (row) =>
            differenceText(row.difference?.[reported][metric], finer[metric], row.distinguishable[metric]),
        }),
      ),
    ]),
    {
      kind: 'paragraph',
      text: `Mean ± standard deviation over seeds, of the epoch that was best by validation AUC (for a variant made from another's models after training, of theirs). Differences are to the first variant, seed by seed, with their 90 % interval; bold where it leaves out 0. Each interval stands by itself: of ten variants that are equal to the first, one is expected to look different.`,
    },
  ];
}

/** Epochs, time and bytes. */
export function costTable(comparison: Comparison): Block[] {
  const rows = summarize(comparison);
  const size = (head: string, of: (row: SummaryRow) => [bytes: number, ratio: number]): RowColumn => ({
    head,
    kind: 'right',
    cell: (row) => {
      const [size, ratio] = of(row);
      return `${bytes(size)} (${times(ratio)})`;
    },
  });
  const known = (head: string, text: (row: SummaryRow) => string | null): RowColumn => ({
    head,
    kind: 'right',
    cell: (row) => text(row) ?? nothing,
  });
  return [
    table(rows, [
      variantColumn,
      known('best epoch × time', epochsText),
      known('samples/s', ({ samplesPerSecond: n }) => (n === null ? null : count(Number(n.toPrecision(3))))),
      size('table in training', ({ bytes, ratios }) => [bytes.trainingTable, ratios.trainingTable]),
      size('with optimizer', ({ bytes, ratios }) => [
        bytes.trainingWithOptimizer,
        ratios.trainingWithOptimizer,
      ]),
      size('as served', ({ bytes, ratios }) => [bytes.inference, ratios.inference]),
      known('peak memory', ({ peakRss }) => (peakRss === null ? null : bytes(peakRss))),
    ]),
    {
      kind: 'paragraph',
      text: 'Time is that of one epoch of training (median), without validation; samples per second is the median over seeds. In brackets, how many times less than fp32 with the same rows and optimizer. Peak memory is of the whole process, the largest over seeds.',
    },
  ];
}

function byMetric<T>(of: (metric: 'auc' | 'logloss') => T): ByMetric<T> {
  return { auc: of('auc'), logloss: of('logloss') };
}

function meanText({ mean, deviation }: MeanDeviation, digits: number): string {
  if (mean === null) return nothing;
  return deviation === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

function differenceText(
  difference: PairedDifference | undefined,
  digits: number,
  isApart: boolean | null,
): Text {
  if (!difference || difference.mean === null) return nothing;
  const { mean, low, high } = difference;
  if (low === null || high === null) return signed(mean, digits);
  const text = `${signed(mean, digits)} [${signed(low, digits)},\u00a0${signed(high, digits)}]`;
  return isApart ? [{ strong: text }] : text;
}

function epochsText({ bestEpochs, secondsPerEpoch }: SummaryRow): string | null {
  if (bestEpochs.length === 0 || secondsPerEpoch === null) return null;
  const [low, high] = [Math.min(...bestEpochs), Math.max(...bestEpochs)];
  return `${low === high ? low : `${low}–${high}`} × ${duration(secondsPerEpoch)}`;
}
