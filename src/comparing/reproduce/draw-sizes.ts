// Size against logloss: a point for each way to quantize at each width, by the share of the fp32 table that it takes and by
// how far the logloss is from that in fp32. Of each width the ways that no other beats in both are joined and named.
import { loadPlot, type PlotModule, svgOf } from '../../reports/figure.js';
import { labelPlaces } from '../../reports/figures/label-places.js';
import { ground } from '../../reports/figures/palette.js';
import { type SizePoint, sizeFrame } from '../../reports/figures/size-frame.js';
import { percent, signed } from '../../reports/numbers.js';
import { frontier } from '../../reports/pareto.js';
import {
  fp32Bytes,
  lossDifference,
  meanOf,
  type PosttrainingResults,
  type WidthResults,
} from './posttraining-results.js';
import { widthColor, widthLegend } from './posttraining-style.js';

/** `value` is the difference as it is drawn. */
interface Point extends SizePoint {
  readonly color: string;
  readonly dim: number;
  readonly difference: number;
}

/** Differences within it lie on a linear axis, larger ones on a logarithmic one. */
export const linearWithin = 1e-5;
const ticks = [-1e-2, -1e-3, -1e-4, -1e-5, 0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

const toAxis = (difference: number) => Math.asinh(difference / linearWithin);

/** Nothing but the names of the widths where fewer than two points were scored. */
export async function drawSizes({ ways, widths }: PosttrainingResults): Promise<string> {
  const plot = await loadPlot();
  const groups = widths.map((width, i) =>
    ways.flatMap((way): Point[] => {
      const share = meanOf(width, way, ({ bytes }) => bytes / tableBytes(width));
      const { mean } = lossDifference(width, way);
      if (share === null || mean === null) return [];
      const { dim } = width;
      const place = { cost: share, value: toAxis(mean), deviation: 0 };
      return [{ name: way.name, difference: mean, color: widthColor(i), dim, ...place }];
    }),
  );
  const points = groups.flat();
  const legend = widthLegend(
    plot,
    widths.map(({ dim }) => dim),
  );
  const text = { title: 'Size against logloss', description: describe(points) };
  if (points.length < 2) return svgOf({ width: 300, height: 60, marks: legend }, text);
  const frame = sizeFrame(points, Number.NEGATIVE_INFINITY);
  const best = groups.map(worthHaving);
  const [low, high] = frame.values;
  return svgOf(
    {
      ...frame.size,
      x: {
        type: 'log',
        domain: frame.costs,
        ticks: frame.ticks,
        tickFormat: (share: number) => `${Number((100 * share).toPrecision(2))} %`,
        label: 'table as stored, of fp32',
        labelAnchor: 'center',
        labelArrow: 'none',
      },
      y: {
        domain: frame.values,
        ticks: ticks.map(toAxis).filter((tick) => tick >= low && tick <= high),
        tickFormat: (tick: number) => tickText(linearWithin * Math.sinh(tick)),
        label: null,
        grid: true,
      },
      marks: [
        plot.ruleY([0], { strokeOpacity: 0.4 }),
        ...best.map((own) =>
          plot.line(own, {
            x: 'cost',
            y: 'value',
            strokeDasharray: '5,3',
            strokeOpacity: 0.6,
            ...(own[0] && { stroke: own[0].color }),
          }),
        ),
        plot.dot(points, { x: 'cost', y: 'value', r: 4, fill: ({ color }) => color, stroke: ground.light }),
        names(plot, best.flat(), points, frame),
        ...legend,
      ],
    },
    text,
  );
}

function tableBytes({ runs }: WidthResults): number {
  return runs[0] ? fp32Bytes(runs[0].measured) : Number.NaN;
}

/** Those that no other beats in size and logloss, smallest first. */
function worthHaving(points: readonly Point[]): Point[] {
  // A frontier knows more as better.
  const turned = points.map((point) => ({ ...point, value: -point.value }));
  return frontier(turned).map((point) => ({ ...point, value: -point.value }));
}

/** The names that have room; a point without one is in the way of the others all the same. */
function names(
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
  const places = labelPlaces(
    [...named.map((point) => box(point, point.name)), ...points.map((point) => box(point, ''))],
    bounds,
  );
  const drawn = named.flatMap(({ name, color }, i) => {
    const place = places[i];
    return place ? [{ name, color, ...toData(place.x, place.y) }] : [];
  });
  return plot.text(drawn, {
    x: 'cost',
    y: 'value',
    text: 'name',
    fill: ({ color }) => color,
    stroke: ground.light,
    strokeWidth: 3,
  });
}

/** 0, +1e−5, +0.001. */
function tickText(difference: number): string {
  if (Math.abs(difference) < linearWithin / 10) return '0';
  const power = Math.round(Math.log10(Math.abs(difference)));
  return signed(Math.sign(difference) * 10 ** power, -power);
}

function describe(points: readonly Point[]): string {
  const each = points.map(
    ({ name, dim, cost, difference }) => `${name} at D = ${dim} ${percent(cost)} ${signed(difference, 6)}`,
  );
  return `Share of the fp32 table and difference in logloss: ${each.join('; ')}.`;
}
