// Size against logloss: a point for each way to quantize at each width, and the fp32 tables they are made from. Of each width
// the ways that no other beats in both are joined and named.

import { meanDeviation } from '../../metrics/mean-deviation.js';
import { loadPlot, type PlotModule, svgOf } from '../../reports/figure.js';
import { labelPlaces } from '../../reports/figures/label-places.js';
import { ground } from '../../reports/figures/palette.js';
import { type SizePoint, sizeFrame } from '../../reports/figures/size-frame.js';
import { bytes, roundBytes } from '../../reports/numbers.js';
import { frontier } from '../../reports/pareto.js';
import { fp32Bytes, meanOf, type PosttrainingResults, type WidthResults } from './posttraining-results.js';
import { widthColor, widthLegend } from './posttraining-style.js';

interface Point extends SizePoint {
  readonly color: string;
  readonly dim: number;
}

/** Points far above all others do not stretch the frame: they stand at its upper end. */
const FAR = 4;

/** An empty frame where nothing was scored. */
export async function drawSizes(results: PosttrainingResults): Promise<string> {
  const plot = await loadPlot();
  const groups = results.widths.map((width, i) => pointsOf(results, width, widthColor(i)));
  const all = groups.flat();
  const dims = results.widths.map(({ dim }) => dim);
  const text = { title: 'Size against logloss', description: describe(all) };
  if (all.length < 2) return svgOf({ width: 300, height: 60, marks: widthLegend(plot, dims) }, text);
  const most = highestShown(all.map(({ value }) => value));
  const points = groups.map((group) =>
    group.map((point) => ({ ...point, value: Math.min(point.value, most) })),
  );
  // Frames and frontiers know more as better.
  const frame = sizeFrame(points.flat(), Number.NEGATIVE_INFINITY);
  const best = groups.map(worthHaving);
  return svgOf(
    {
      ...frame.size,
      marginTop: 34,
      x: {
        type: 'log',
        domain: frame.costs,
        ticks: frame.ticks,
        tickFormat: roundBytes,
        label: 'table as stored',
        labelAnchor: 'center',
        labelArrow: 'none',
      },
      y: { domain: frame.values, ticks: 7, label: `${results.split} logloss`, grid: true },
      marks: [
        ...best.map((own) =>
          plot.line(own, {
            x: 'cost',
            y: 'value',
            strokeDasharray: '5,3',
            strokeOpacity: 0.6,
            stroke: own[0]?.color,
          }),
        ),
        plot.dot(points.flat(), {
          x: 'cost',
          y: 'value',
          r: 4,
          fill: ({ color }) => color,
          stroke: ground.light,
        }),
        ...labels(plot, best.flat(), points.flat(), frame),
        ...widthLegend(plot, dims),
      ],
    },
    text,
  );
}

function pointsOf({ ways }: PosttrainingResults, width: WidthResults, color: string): Point[] {
  const { dim, runs } = width;
  const [first] = runs;
  if (!first) return [];
  const losses = runs.flatMap(({ measured }) => measured.scores.logloss ?? []);
  const { mean } = meanDeviation(losses);
  const common = { deviation: 0, color, dim };
  return [
    ...(mean === null ? [] : [{ ...common, name: 'fp32', cost: fp32Bytes(first.measured), value: mean }]),
    ...ways.flatMap((way) => {
      const cost = meanOf(width, way, (measured) => measured.bytes);
      const value = meanOf(width, way, (measured) => measured.scores?.logloss);
      return cost === null || value === null ? [] : [{ ...common, name: way.name, cost, value }];
    }),
  ];
}

/** Those that no other beats in size and logloss, smallest first. */
function worthHaving(points: readonly Point[]): Point[] {
  return frontier(points.map((point) => ({ ...point, value: -point.value }))).map((point) => ({
    ...point,
    value: -point.value,
  }));
}

/** The logloss up to which points lie together: FAR times the distance from the least to the middle one. */
function highestShown(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  const limit = middle + FAR * (middle - sorted[0]);
  return Math.max(...sorted.filter((value) => value <= limit));
}

function labels(
  plot: PlotModule,
  named: readonly Point[],
  points: readonly Point[],
  { toPixel, toData, bounds }: ReturnType<typeof sizeFrame>,
) {
  const box = ({ cost, value }: Point, text: string) => ({
    ...toPixel(cost, value),
    width: 6.2 * text.length,
    reach: 0,
  });
  // Points without a name are in the way of names too: they come last, and what is found for them is dropped.
  const places = labelPlaces(
    [...named.map((point) => box(point, point.name)), ...points.map((point) => box(point, ''))],
    bounds,
  );
  const drawn = named.flatMap((point, i) => {
    const place = places[i];
    if (!place) return [];
    const { cost, value } = toData(place.x, place.y);
    return [{ text: point.name, x: cost, y: value }];
  });
  return [
    plot.text(drawn, {
      x: 'x',
      y: 'y',
      text: 'text',
      fill: 'currentColor',
      stroke: ground.light,
      strokeWidth: 3,
    }),
  ];
}

function describe(points: readonly Point[]): string {
  const each = points.map(
    ({ name, dim, cost, value }) => `${name} at D = ${dim} ${bytes(cost)} ${value.toFixed(5)}`,
  );
  return `Bytes of the table and logloss: ${each.join('; ')}.`;
}
