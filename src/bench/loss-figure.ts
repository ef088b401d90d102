// The losses of all contestants, batch by batch, on one plot: the same work, or no comparison.
import { loadPlot, svgOf } from '../reports/figure.js';
import { palette } from '../reports/figures/palette.js';

interface Curve {
  name: string;
  threads: number;
  losses: readonly number[];
}

/** An SVG document. Lines that lie on each other are what it is about: later ones are thinner. */
export async function drawLosses(curves: readonly Curve[], batchSize: number): Promise<string> {
  const plot = await loadPlot();
  const lines = curves.map(({ name, threads, losses }, i) => ({
    label: `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    color: palette[i % palette.length].light,
    width: 1 + 1.6 * (curves.length - 1 - i),
    points: losses.map((loss, at) => ({ step: at + 1, loss })),
  }));
  const [highest, lowest] = [Math.max, Math.min].map((of) => of(...curves.flatMap(({ losses }) => losses)));
  const names = lines.map((line, i) => ({ ...line, at: highest - ((highest - lowest) * i) / 14 }));
  const steps = lines[0]?.points.length ?? 0;
  return svgOf(
    {
      width: 640,
      height: 300,
      x: { label: `step (B = ${batchSize})`, labelAnchor: 'center', labelArrow: 'none' },
      y: { label: 'loss', grid: true, labelArrow: 'none' },
      marks: [
        ...lines.map(({ points, color, width }) =>
          plot.lineY(points, { x: 'step', y: 'loss', stroke: color, strokeWidth: width }),
        ),
        plot.dot(names, { x: () => 0.62 * steps, y: 'at', r: 5, symbol: 'square', fill: 'color' }),
        plot.text(names, {
          x: () => 0.62 * steps,
          y: 'at',
          dx: 10,
          textAnchor: 'start',
          text: 'label',
          fill: 'currentColor',
        }),
      ],
    },
    {
      title: 'Losses of the same training in bitrow and PyTorch',
      description: `The loss of each of ${steps} batches. Last: ${curves.map(({ name, threads, losses }) => `${name} on ${threads}: ${losses.at(-1)?.toFixed(4)}`).join('; ')}.`,
    },
  );
}
