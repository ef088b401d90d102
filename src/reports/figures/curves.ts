// A panel for each variant with a curve over epochs: the mean over seeds, the band from the least to the most, and
// behind it the first variant's mean to compare with. What the curve is, is its caller's.
import type { Comparison, Variant } from '../comparison.js';
import type { PlotModule, PlotOptions } from '../figure.js';
import { type BandPoint, bands, type Sample } from './bands.js';
import { accent } from './palette.js';
import { panels } from './panels.js';

export interface Curve {
  readonly variant: Variant;
  readonly points: readonly BandPoint[];
}

/** The curves that have a point at all, of finished cells. */
export function curvesOf(
  { variants }: Comparison,
  samples: (cell: Variant['cells'][number]) => readonly Sample[],
): Curve[] {
  return variants.flatMap((variant) => {
    const cells = variant.cells.filter(({ status }) => status === 'finished');
    const points = bands(cells.map(samples));
    return points.length === 0 ? [] : [{ variant, points }];
  });
}

/** Does any curve have two points, so that there is something to see over time? */
export function isOverTime(curves: readonly Curve[]): boolean {
  return curves.some(({ points }) => points.length > 1);
}

export interface CurveLook {
  /** Of the vertical axis. */
  readonly label: string;
  readonly y?: PlotOptions['y'];
  /** Are points far apart, so that each is marked? */
  readonly hasDots: boolean;
  /** Is the first curve drawn in all panels? Default: yes. */
  readonly hasReference?: boolean;
  /** More of each panel, such as a mark at the best point. */
  readonly more?: (plot: PlotModule, place: (name: string) => object) => PlotOptions['marks'];
}

export function curvePanels(
  plot: PlotModule,
  curves: readonly Curve[],
  { label, y, hasDots, hasReference = true, more }: CurveLook,
): PlotOptions {
  const { place, titles, options } = panels(curves.map(({ variant }) => variant.name));
  const points = curves.flatMap(({ variant, points }) =>
    points.map((point) => ({ ...point, ...place(variant.name) })),
  );
  const [first, ...others] = curves;
  const reference = (hasReference ? others : []).flatMap(({ variant }) =>
    first.points.map((point) => ({ ...point, ...place(variant.name) })),
  );
  const from = hasDots ? 1 : 0;
  const last = Math.max(...points.map(({ x }) => x));
  // A caller may have the frame end before a curve does.
  const facets = { fx: 'fx', fy: 'fy', clip: true };
  return {
    ...options,
    x: {
      label: 'epoch',
      labelAnchor: 'center',
      labelArrow: 'none',
      domain: [from, Math.max(Math.ceil(last), from + 1)],
      ticks: last < 1 ? [0, 0.5, 1] : wholeTicks(last, from),
      tickFormat: (epoch: number) => `${epoch}`,
      insetLeft: hasDots ? 6 : 0,
      insetRight: hasDots ? 6 : 0,
    },
    y: { label, labelArrow: 'none', ticks: 4, insetTop: 4, insetBottom: 4, ...y },
    marks: [
      plot.gridY({ strokeOpacity: 0.1, ticks: 4 }),
      plot.lineY(reference, {
        x: 'x',
        y: 'mean',
        ...facets,
        strokeDasharray: '3,2',
        strokeOpacity: 0.75,
        strokeWidth: 1.2,
      }),
      plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', ...facets, fill: accent, fillOpacity: 0.28 }),
      plot.lineY(points, { x: 'x', y: 'mean', ...facets, stroke: accent, strokeWidth: 1.8 }),
      hasDots ? plot.dot(points, { x: 'x', y: 'mean', ...facets, fill: accent, r: 2.2 }) : null,
      more?.(plot, place) ?? null,
      titles(plot),
    ],
  };
}

/** Whole epochs, about six of them. */
function wholeTicks(last: number, from: number): number[] {
  const end = Math.ceil(last);
  const stride = Math.max(1, Math.ceil((end - from) / 6));
  return Array.from({ length: Math.floor((end - from) / stride) + 1 }, (_, i) => from + i * stride);
}
