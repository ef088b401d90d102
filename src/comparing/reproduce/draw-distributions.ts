// Figure 3 (a) to (c): how the parameters are distributed after 10, 100 and 1000 iterations, in each precision.
import { loadPlot, svgOf } from '../../reports/figure.js';
import { type Experiment, precisions, shownIterations } from '../convex/experiment.js';
import { problem } from '../convex/problem.js';
import { precisionColors, precisionNames } from './palette.js';

/** Three by three histograms, a bar for each multiple of Δ. `title` tells it from others. */
export async function drawDistributions({ weights }: Experiment, title: string): Promise<string> {
  const plot = await loadPlot();
  const bars = precisions.flatMap((precision) =>
    shownIterations.flatMap((t, panel) =>
      [...binned(weights[precision][panel])].map(([code, count]) => ({
        precision: precisionNames[precision],
        t: `t = ${t}`,
        from: (code - 0.5) * problem.step,
        to: (code + 0.5) * problem.step,
        count,
        color: precisionColors[precision],
      })),
    ),
  );
  // Room on both sides of the widest distribution, at least 5 steps.
  const reach = Math.max(5 * problem.step, ...bars.map(({ from, to }) => Math.max(0.5 - from, to - 0.5)));
  const most = Math.max(...bars.map(({ count }) => count));
  return svgOf(
    {
      width: 860,
      height: 420,
      marginLeft: 55,
      marginRight: 45,
      marginTop: 48,
      marginBottom: 36,
      fx: { label: null, domain: shownIterations.map((t) => `t = ${t}`), padding: 0.08 },
      fy: { label: null, domain: precisions.map((precision) => precisionNames[precision]), padding: 0.12 },
      x: { label: 'w', domain: [0.5 - reach, 0.5 + reach], ticks: 5 },
      // Ten bars of a hundred and one of a thousand are both to be seen.
      y: {
        type: 'sqrt',
        label: 'parameters (square-root scale)',
        domain: [0, most],
        ticks: [0, 10, 50, 250, 500, 1000].filter((tick) => tick <= most),
        grid: true,
      },
      marks: [
        plot.rect(bars, {
          x1: 'from',
          x2: 'to',
          y1: 0,
          y2: 'count',
          fx: 't',
          fy: 'precision',
          fill: 'color',
          inset: 0.3,
        }),
        plot.ruleX([problem.optimum], { stroke: 'currentColor', strokeDasharray: '2,3', strokeOpacity: 0.6 }),
        plot.ruleY([0]),
      ],
    },
    {
      title,
      description:
        'Histograms of the parameters after 10, 100 and 1000 iterations (columns), with full precision, deterministic and stochastic rounding (rows).',
    },
  );
}

/** How many weights are nearest to each multiple of Δ. */
function binned(weights: Float64Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const w of weights) {
    const code = Math.round(w / problem.step);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}
