// AUC against bytes, once as served and once while training with the optimizer. The variants worth having are on the
// Pareto frontier: no other is as small and better, or as good and smaller.
import { type Inline, listed } from '../content.js';
import { bytes, roundBytes } from '../numbers.js';
import { frontier } from '../pareto.js';
import { reportedSplit, type SummaryRow, splitName, summarize } from '../summary.js';
import { lowestShown } from './below-frame.js';
import type { FigureSpec } from './figure-spec.js';
import { labelPlaces } from './label-places.js';
import { ground, variantStyles } from './palette.js';
import { shortened } from './panels.js';
import { type SizePoint, sizeFrame } from './size-frame.js';

/** A point below the frame stands at its end and says its value. */
type DrawnPoint = SizePoint & { readonly below?: number };

interface Words {
  title: string;
  axis: string;
  /** Ends the caption. */
  what: string;
}

function sizes({ title, axis, what }: Words, cost: (row: SummaryRow) => number): FigureSpec {
  return {
    section: 'size',
    title,
    draw(comparison, plot) {
      const split = reportedSplit(comparison);
      const name = splitName(comparison, split);
      const points = summarize(comparison).flatMap((row): SizePoint[] => {
        const { mean, deviation } = row[split].auc;
        if (mean === null || !(cost(row) > 0)) return [];
        return [{ name: row.name, cost: cost(row), value: mean, deviation: deviation ?? 0 }];
      });
      if (points.length < 2) return null;
      const best = frontier(points);
      // No member of the frontier is left out: it would be the point of the figure.
      const lowest = Math.min(lowestShown(points.map(({ value }) => value)), best[0].value);
      const frame = sizeFrame(points, lowest);
      const drawn = points.map((point) => ({
        ...point,
        ...(point.value < lowest ? { value: frame.below, deviation: 0, below: point.value } : {}),
      }));
      const labels = placed(drawn, best, frame);
      const styles = variantStyles(comparison);
      const color = ({ name }: SizePoint) => styles.get(name)?.color ?? 'currentColor';
      const symbol = ({ name }: SizePoint) => styles.get(name)?.symbol ?? 'circle';
      const names = listed(best.map(({ name }): Inline => ({ code: name })));
      const isCut = drawn.some(({ below }) => below !== undefined);
      const isUnnamed = labels.length < points.length;
      return {
        options: {
          ...frame.size,
          x: {
            type: 'log',
            domain: frame.costs,
            ticks: frame.ticks,
            tickFormat: roundBytes,
            label: axis,
            labelAnchor: 'center',
            labelArrow: 'none',
          },
          y: { domain: frame.values, ticks: 7, label: `${name} AUC` },
          color: { type: 'identity' },
          marks: [
            plot.gridX({ strokeOpacity: 0.1, ticks: frame.ticks }),
            plot.gridY({ strokeOpacity: 0.1, ticks: 7 }),
            plot.line([...best, { cost: frame.costs[1], value: best[best.length - 1].value }], {
              x: 'cost',
              y: 'value',
              curve: 'step-after',
              strokeDasharray: '5,3',
              strokeOpacity: 0.6,
            }),
            plot.ruleX(drawn, {
              x: 'cost',
              y1: ({ value, deviation }: SizePoint) => value - deviation,
              y2: ({ value, deviation }: SizePoint) => value + deviation,
              stroke: color,
              strokeWidth: 1.5,
            }),
            plot.link(
              labels.filter(({ line }) => line),
              {
                x1: 'cost',
                y1: 'value',
                x2: 'lineCost',
                y2: 'lineValue',
                strokeOpacity: 0.45,
                strokeWidth: 0.75,
              },
            ),
            ...[...new Set(points.map(symbol))].map((shape) =>
              plot.dot(
                drawn.filter((point) => symbol(point) === shape),
                {
                  x: 'cost',
                  y: 'value',
                  r: 5,
                  symbol: shape,
                  fill: color,
                  stroke: ground.light,
                  strokeWidth: 0.75,
                },
              ),
            ),
            ...[true, false].map((isBest) =>
              plot.text(
                labels.filter((label) => label.isBest === isBest),
                {
                  x: 'labelCost',
                  y: 'labelValue',
                  text: 'text',
                  fontWeight: isBest ? 600 : 400,
                  stroke: ground.light,
                  strokeWidth: 3,
                  fill: 'currentColor',
                },
              ),
            ),
          ],
        },
        description: `Mean ${name} AUC over bytes: ${points.map((point) => `${point.name} ${point.value.toFixed(4)} at ${bytes(point.cost)}`).join('; ')}. On the frontier: ${best.map(({ name }) => name).join(', ')}.`,
        caption: [
          'Further up and to the left is better; bars are one standard deviation over seeds (a seed moves all variants alike: whether two differ, the paired differences above say), bytes are on a logarithmic axis. On the Pareto frontier (dashed, names in bold): ',
          ...names,
          `. ${what}`,
          isCut ? ' An arrow stands for an AUC far below the frame.' : '',
          isUnnamed ? ' Names without room are left out; the tables have all variants.' : '',
        ],
      };
    },
  };
}

/** The names that have room, those of the frontier first. */
function placed(
  points: readonly DrawnPoint[],
  best: readonly SizePoint[],
  frame: ReturnType<typeof sizeFrame>,
) {
  const isBest = ({ name }: DrawnPoint) => best.some((point) => point.name === name);
  const ordered = [...points.filter(isBest), ...points.filter((point) => !isBest(point))];
  const texts = ordered.map(
    ({ name, below }) => shortened(name, 30) + (below === undefined ? '' : ` ↓ ${below.toFixed(4)}`),
  );
  const places = labelPlaces(
    ordered.map(({ cost, value, deviation }, i) => {
      const { x, y } = frame.toPixel(cost, value);
      return {
        x,
        y,
        width: (isBest(ordered[i]) ? 7.3 : 6.5) * texts[i].length + 4,
        reach: y - frame.toPixel(cost, value + deviation).y,
      };
    }),
    frame.bounds,
  );
  return ordered.flatMap((point, i) => {
    const place = places[i];
    if (!place) return [];
    const label = frame.toData(place.x, place.y);
    const line = place.line && frame.toData(place.line.x, place.line.y);
    return [
      {
        ...point,
        text: texts[i],
        isBest: isBest(point),
        labelCost: label.cost,
        labelValue: label.value,
        line,
        lineCost: line?.cost,
        lineValue: line?.value,
      },
    ];
  });
}

export const inferenceSize = sizes(
  {
    title: 'AUC by bytes as served',
    axis: 'embedding table as served',
    what: 'As served: codes and steps, and what else reading a row needs; no optimizer state.',
  },
  (row) => row.bytes.inference,
);

export const trainingSize = sizes(
  {
    title: 'AUC by bytes while training, with the optimizer',
    axis: 'embedding table while training, with steps and optimizer state',
    what: 'The optimizer keeps its state in fp32 whatever the width of a code, which bounds what low precision saves here.',
  },
  (row) => row.bytes.trainingWithOptimizer,
);
