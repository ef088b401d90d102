// Figure 3 (d): for how many parameters |η_t ∇f(w^t)| < Δ/2, so that deterministic rounding erases the update.
import { loadPlot, svgOf } from '../../reports/figure.js';
import { problem } from '../convex/problem.js';

export interface ErasedLine {
  name: string;
  /** Before the update t = 1, 2, … */
  erased: readonly number[];
  color: string;
  dash?: string;
  /** The iteration at which its name stands, and on which side of the line. */
  label: { t: number; side: 'left' | 'right' | 'above' };
}

const shown = 40;

const places = {
  left: { anchor: 'end', dx: -8, dy: -4 },
  right: { anchor: 'start', dx: 10, dy: 4 },
  above: { anchor: 'middle', dx: 0, dy: -9 },
} as const;

/** A line for each learning rate, over the first iterations. */
export async function drawErased(lines: readonly ErasedLine[], title: string): Promise<string> {
  const plot = await loadPlot();
  const marks = lines.flatMap(({ name, erased, color, dash, label }) => {
    const points = erased.slice(0, shown).map((count, index) => ({ t: index + 1, count }));
    const { anchor, dx, dy } = places[label.side];
    return [
      plot.line(points, {
        x: 't',
        y: 'count',
        stroke: color,
        strokeWidth: 2,
        ...(dash && { strokeDasharray: dash }),
      }),
      plot.text(
        points.filter(({ t }) => t === label.t),
        { x: 't', y: 'count', text: () => name, textAnchor: anchor, dx, dy, fill: color },
      ),
    ];
  });
  return svgOf(
    {
      width: 620,
      height: 300,
      marginLeft: 55,
      marginTop: 28,
      x: { label: 'iteration t', domain: [1, shown] },
      y: { label: 'parameters with |η∇f| < Δ/2 (DR)', domain: [0, problem.parameters], grid: true },
      marks: [plot.ruleY([0]), ...marks],
    },
    {
      title,
      description:
        'The number of parameters whose update deterministic rounding erases, over the first 40 iterations, for each learning rate.',
    },
  );
}
