// Theorems 1 and 2: measured suboptimality of the averaged iterate beside the bounds, over T, a panel for each η.
import { loadPlot, svgOf } from '../../reports/figure.js';
import type { Precision } from '../convex/descent.js';
import type { Suboptimality } from '../convex/suboptimality.js';
import { precisionColors, precisionNames } from './palette.js';

export interface BoundsPanel {
  title: string;
  measured: Record<Precision, readonly Suboptimality[]>;
  bounds: readonly BoundLine[];
}

export interface BoundLine {
  name: string;
  color: string;
  dash: string;
  points: readonly { iterations: number; value: number }[];
  /** Where on the line its name stands, as a share of its points. */
  label: { at: number; isBelow: boolean };
}

const smallest = 1e-7;
const largest = 100;

/** One panel beside the other, both axes logarithmic. */
export async function drawBounds(panels: readonly BoundsPanel[], title: string): Promise<string> {
  const plot = await loadPlot();
  const marks = panels.flatMap((panel) => {
    const fx = () => panel.title;
    const measured = Object.entries(panel.measured).flatMap(([key, points]) => {
      const precision = key as Precision;
      const color = precisionColors[precision];
      const drawn = points.filter(({ low }) => low > smallest);
      return [
        plot.areaY(drawn, { x: 'iterations', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.25, fx }),
        plot.line(drawn, { x: 'iterations', y: 'mean', stroke: color, strokeWidth: 2, fx }),
        plot.text(drawn.slice(-1), {
          x: 'iterations',
          y: 'mean',
          text: () => precisionNames[precision],
          dx: 5,
          dy: precision === 'full' ? 9 : -3,
          textAnchor: 'start',
          fill: color,
          fontWeight: 'bold',
          fx,
        }),
      ];
    });
    const bounds = panel.bounds.flatMap(({ name, color, dash, points, label }) => [
      plot.line(points, {
        x: 'iterations',
        y: 'value',
        stroke: color,
        strokeDasharray: dash,
        strokeWidth: 1.6,
        fx,
      }),
      plot.text([points[Math.floor(points.length * label.at)]], {
        x: 'iterations',
        y: 'value',
        text: () => name,
        dy: label.isBelow ? 14 : -9,
        dx: label.isBelow ? -6 : 0,
        textAnchor: label.isBelow ? 'end' : 'start',
        fill: color,
        stroke: 'var(--plot-background)',
        strokeWidth: 4,
        fx,
      }),
    ]);
    return [...measured, ...bounds];
  });
  return svgOf(
    {
      width: 980,
      height: 440,
      marginLeft: 60,
      marginRight: 40,
      fx: { label: null, domain: panels.map((panel) => panel.title), padding: 0.06 },
      marginTop: 48,
      marginBottom: 36,
      x: { type: 'log', label: 'T', ticks: [1, 1e2, 1e4, 1e6], tickFormat: powerOfTen },
      y: {
        type: 'log',
        label: 'F(w̄_T) − F*, per parameter',
        domain: [smallest, largest],
        ticks: [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100],
        tickFormat: powerOfTen,
        grid: true,
      },
      marks,
    },
    {
      title,
      description:
        'Suboptimality of the mean of the first T iterates with full precision, stochastic and deterministic rounding, and the bounds of theorems 1 and 2, over T.',
    },
  );
}

/** 0.001 → 10⁻³. */
function powerOfTen(value: number): string {
  const power = String(Math.round(Math.log10(value)));
  return `10${[...power].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('')}`;
}
