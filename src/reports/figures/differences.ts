// The forest plot: every variant's paired difference to the first with its 90 % interval, as a line that crosses 0 or
// does not.
import type { Text } from '../content.js';
import { differenceDecimals } from '../metric-decimals.js';
import { signed } from '../numbers.js';
import { reportedSplit, splitName, summarize } from '../summary.js';
import { differenceScale } from './difference-scale.js';
import { type FigureSpec, figureWidth } from './figure-spec.js';
import { ground, variantStyles } from './palette.js';
import { shortened } from './panels.js';

const words = {
  auc: { title: 'Difference of AUC to the first variant', label: 'difference of AUC', better: 'right' },
  logloss: {
    title: 'Difference of logloss to the first variant',
    label: 'difference of logloss',
    better: 'left',
  },
} as const;

function differences(metric: 'auc' | 'logloss'): FigureSpec {
  const { title, label, better } = words[metric];
  return {
    section: 'results',
    title,
    draw(comparison, plot) {
      const split = reportedSplit(comparison);
      const name = splitName(comparison, split);
      const styles = variantStyles(comparison);
      const summary = summarize(comparison);
      const rows = summary.flatMap(({ name, difference, distinguishable }) => {
        const of = difference?.[split][metric];
        if (!of || of.mean === null) return [];
        const { mean, low, high } = of;
        const color = styles.get(name)?.color ?? 'currentColor';
        return [{ name, mean, low, high, color, isApart: distinguishable[metric] === true }];
      });
      if (rows.length === 0) return null;
      const digits = differenceDecimals(summary, split, metric);
      const first = comparison.variants[0].name;
      const ends = rows.flatMap(({ low, high }) => (low === null || high === null ? [] : [low, high]));
      const scale = differenceScale(
        rows.map(({ mean }) => mean),
        ends,
        5,
      );
      const names = rows.map(({ name }) => shortened(name, 40));
      const inWords = ({ mean, low, high }: (typeof rows)[number]) =>
        low === null || high === null
          ? `${signed(mean, digits)}  (one seed: no interval)`
          : `${signed(mean, digits)}  [${signed(low, digits)}, ${signed(high, digits)}]`;
      return {
        options: {
          width: figureWidth,
          height: 26 * rows.length + 64,
          marginLeft: 24 + 6.4 * Math.max(...names.map((name) => name.length)),
          marginRight: 215,
          marginTop: 14,
          marginBottom: 42,
          x: { ...scale.options, label: `${name} ${label}`, labelAnchor: 'center', labelArrow: 'none' },
          y: {
            type: 'band',
            domain: rows.map((_, i) => i),
            tickFormat: (i: number) => names[i],
            tickSize: 0,
            label: null,
          },
          marks: [
            plot.gridX({ strokeOpacity: 0.12, ticks: scale.ticks as number[] }),
            plot.ruleX([0], { strokeOpacity: 0.7 }),
            plot.ruleY(
              rows.map((row, i) => ({ ...row, i })).filter(({ low }) => low !== null),
              { x1: 'low', x2: 'high', y: 'i', stroke: (row) => row.color, strokeWidth: 2.5 },
            ),
            plot.dot(rows, {
              x: 'mean',
              y: (_, i) => i,
              r: 4.5,
              stroke: (row) => row.color,
              strokeWidth: 2,
              fill: (row) => (row.isApart ? row.color : ground.light),
            }),
            plot.text(rows, {
              y: (_, i) => i,
              text: inWords,
              frameAnchor: 'right',
              textAnchor: 'start',
              dx: 14,
              fontVariant: 'tabular-nums',
            }),
          ],
          color: { type: 'identity' },
        },
        description: `Mean paired differences of ${name} ${metric} to ${first} with 90 % intervals: ${rows.map((row) => `${row.name} ${inWords(row)}`).join('; ')}.`,
        caption: caption(first, better, scale.isLogarithmic),
      };
    },
  };
}

function caption(first: string, better: string, isLogarithmic: boolean): Text {
  return [
    'Variant minus ',
    { code: first },
    `, seed by seed: the mean and its 90 % interval (Student's t). Further to the ${better} is better. A line that crosses 0, with an open circle, cannot be told apart from `,
    { code: first },
    '.',
    isLogarithmic ? ' The axis is logarithmic on both sides of 0.' : '',
  ];
}

export const aucDifferences = differences('auc');
export const loglossDifferences = differences('logloss');
