// What shares of a table's codes are, or of its changes would be: at an end of the grid, zero, erased by deterministic
// rounding. Over epochs where there are several, one line for each variant otherwise.
import type { CellEpoch } from '../comparison.js';
import type { Text } from '../content.js';
import { percent } from '../numbers.js';
import { finishedCells } from '../summary.js';
import { curvePanels, curvesOf, isOverTime } from './curves.js';
import type { FigureSpec } from './figure-spec.js';
import { accent, ground } from './palette.js';
import { variantRows } from './variant-rows.js';

type Table = NonNullable<CellEpoch['table']>;

function share(
  title: string,
  axis: string,
  meaning: Text,
  value: (table: Table) => number | null,
): FigureSpec {
  const of = ({ table }: CellEpoch) => (table ? value(table) : null);
  return {
    section: 'codes',
    title,
    draw(comparison, plot) {
      const curves = curvesOf(comparison, ({ epochs }) =>
        epochs.map((epoch) => ({ x: epoch.epoch, y: of(epoch) })),
      );
      if (curves.length === 0) return null;
      const last = curves.map(({ variant, points }) => ({ variant, ...points[points.length - 1] }));
      const description = `${title}, one panel or line for each variant. After the last epoch: ${last.map(({ variant, mean }) => `${variant.name} ${percent(mean)}`).join('; ')}.`;
      const scale = {
        percent: true,
        domain: [
          0,
          100 * Math.max(1e-6, ...curves.flatMap(({ points }) => points.map(({ high }) => high))) * 1.05,
        ],
      };
      if (isOverTime(curves)) {
        const options = curvePanels(plot, curves, {
          label: `${axis} (%)`,
          hasDots: true,
          hasReference: false,
          y: scale,
        });
        return {
          options,
          description,
          caption: ['Line: mean over seeds; band: least to most. ', ...words(meaning)],
        };
      }
      const seeds = curves.flatMap(({ variant }, y) =>
        finishedCells(variant).flatMap(({ epochs }) => epochs.map((epoch) => ({ y, share: of(epoch) }))),
      );
      return {
        options: {
          ...variantRows(
            curves.map(({ variant }) => variant.name),
            70,
          ),
          x: { ...scale, label: `${axis} (%)`, labelAnchor: 'center', labelArrow: 'none' },
          marks: [
            plot.gridX({ strokeOpacity: 0.12 }),
            plot.ruleX([0], { strokeOpacity: 0.7 }),
            plot.ruleY(last, { y: (_, y) => y, x1: 0, x2: 'mean', stroke: accent, strokeWidth: 2 }),
            plot.dot(seeds, { x: 'share', y: 'y', r: 3.5, stroke: accent, fill: ground.light }),
            plot.text(last, {
              y: (_, y) => y,
              text: ({ mean }) => percent(mean),
              frameAnchor: 'right',
              textAnchor: 'start',
              dx: 12,
              fontVariant: 'tabular-nums',
            }),
          ],
        },
        description,
        caption: ['Circle: one seed; line and number: their mean. ', ...words(meaning)],
      };
    },
  };
}

const words = (text: Text) => (typeof text === 'string' ? [text] : text);

export const saturatedCodes = share(
  'Saturated codes',
  'codes at an end of the grid',
  'Of the codes in rows ever written, those at the lowest or highest value there is: values that would like to be larger than the step lets them. Where the step of a row follows from its range, some are there by construction.',
  ({ saturated }) => saturated,
);

export const zeroCodes = share(
  'Zero codes',
  'codes that are 0',
  'Of the codes in rows ever written, those that are 0, the middle of the grid. Many of them mean that the step is coarse for most values.',
  ({ zero }) => zero,
);

export const erasedUpdates = share(
  'Updates that deterministic rounding would erase',
  'changes below half a step',
  'Of the changes an optimizer asked for, those smaller than half a step, or against the end of the grid: rounding to the nearest code takes them back, step after step, so such a weight never moves; stochastic rounding keeps them in the mean (remark 1 of the ALPT paper).',
  ({ erased }) => erased,
);
