// AUC against bytes, once as served and once while training with the optimizer. The variants worth having are on the
// Pareto frontier: no other is as small and better, or as good and smaller.
import { type Inline, listed } from '../content.js';
import { bytes } from '../numbers.js';
import { frontier } from '../pareto.js';
import { reportedSplit, type SummaryRow, summarize } from '../summary.js';
import type { FigureSpec } from './figure-spec.js';
import { labelPlaces } from './label-places.js';
import { variantStyles } from './palette.js';
import { shortened } from './panels.js';
import { type SizePoint, sizeFrame } from './size-frame.js';

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
      const points = summarize(comparison).flatMap((row): SizePoint[] => {
        const { mean, deviation } = row[split].auc;
        if (mean === null || !(cost(row) > 0)) return [];
        return [{ name: row.name, cost: cost(row), value: mean, deviation: deviation ?? 0 }];
      });
      if (points.length < 2) return null;
      const best = frontier(points);
      const frame = sizeFrame(points);
      const labels = placed(points, best, frame);
      const styles = variantStyles(comparison);
      const color = ({ name }: SizePoint) => styles.get(name)?.color ?? 'currentColor';
      const symbol = ({ name }: SizePoint) => styles.get(name)?.symbol ?? 'circle';
      const names = listed(best.map(({ name }): Inline => ({ code: name })));
      const isUnnamed = labels.length < points.length;
      return {
        options: {
          ...frame.size,
          x: {
            type: 'log',
            domain: frame.costs,
            ticks: frame.ticks,
            tickFormat: bytes,
            label: axis,
            labelAnchor: 'center',
            labelArrow: 'none',
          },
          y: { domain: frame.values, label: `${split} AUC` },
          color: { type: 'identity' },
          marks: [
            plot.gridX({ strokeOpacity: 0.1, ticks: frame.ticks }),
            plot.gridY({ strokeOpacity: 0.1 }),
            plot.line([...best, { cost: frame.costs[1], value: best[best.length - 1].value }], {
              x: 'cost',
              y: 'value',
              curve: 'step-after',
              strokeDasharray: '5,3',
              strokeOpacity: 0.6,
            }),
            plot.ruleX(points, {
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
                points.filter((point) => symbol(point) === shape),
                {
                  x: 'cost',
                  y: 'value',
                  r: 5,
                  symbol: shape,
                  fill: color,
                  stroke: 'var(--plot-background)',
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
                  stroke: 'var(--plot-background)',
                  strokeWidth: 3,
                  fill: 'currentColor',
                },
              ),
            ),
          ],
        },
        description: `Mean ${split} AUC over bytes: ${points.map((point) => `${point.name} ${point.value.toFixed(4)} at ${bytes(point.cost)}`).join('; ')}. On the frontier: ${best.map(({ name }) => name).join(', ')}.`,
        caption: [
          'Further up and to the left is better; bars are one standard deviation over seeds, bytes are on a logarithmic axis. On the Pareto frontier (dashed, names in bold): ',
          ...names,
          `. ${what}`,
          isUnnamed ? ' Names without room are left out; the tables have all variants.' : '',
        ],
      };
    },
  };
}

/** The names that have room, those of the frontier first. */
function placed(
  points: readonly SizePoint[],
  best: readonly SizePoint[],
  frame: ReturnType<typeof sizeFrame>,
) {
  const ordered = [...best, ...points.filter((point) => !best.includes(point))];
  const texts = ordered.map(({ name }) => shortened(name, 30));
  const places = labelPlaces(
    ordered.map(({ cost, value, deviation }, i) => {
      const { x, y } = frame.toPixel(cost, value);
      return { x, y, width: 6.5 * texts[i].length + 4, reach: y - frame.toPixel(cost, value + deviation).y };
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
        isBest: best.includes(point),
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
