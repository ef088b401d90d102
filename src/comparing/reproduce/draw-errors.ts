// Error by method: a line for each way to quantize, a point for each width on it, on a logarithmic axis.
import { loadPlot, svgOf } from '../../reports/figure.js';
import { logTicks } from '../../reports/figures/log-ticks.js';
import { meanError, type PosttrainingResults, significant } from './posttraining-results.js';
import { widthColor, widthLegend } from './posttraining-style.js';
import { wayTitle } from './posttraining-ways.js';

const lineHeight = 17;

/** Ways stand in the order of the table; an error of 0 has no place on the axis and is left out. */
export async function drawErrors({ ways, widths }: PosttrainingResults): Promise<string> {
  const plot = await loadPlot();
  const points = widths.flatMap((width, i) =>
    ways.flatMap((way) => {
      const error = meanError(width, way);
      if (error === null || error <= 0) return [];
      return [{ way: wayTitle(way), error, dim: width.dim, color: widthColor(i) }];
    }),
  );
  const errors = points.map(({ error }) => error);
  const domain: [number, number] = [Math.min(1, ...errors) / 1.15, Math.max(0, ...errors) * 1.15];
  const ticks = points.length === 0 ? [] : logTicks(domain);
  return svgOf(
    {
      width: 800,
      height: 80 + lineHeight * ways.length,
      marginLeft: 215,
      marginTop: 34,
      marginBottom: 40,
      ...(points.length > 0 && {
        x: {
          type: 'log' as const,
          domain,
          ticks,
          tickFormat: (tick: number) => String(tick),
          label: 'mean normalized l2 error',
          labelAnchor: 'center' as const,
          labelArrow: 'none' as const,
        },
      }),
      y: { domain: ways.map(wayTitle), label: null },
      marks: [
        plot.gridX({ strokeOpacity: 0.1, ticks }),
        plot.gridY({ strokeOpacity: 0.1 }),
        plot.dot(points, { x: 'error', y: 'way', r: 4, fill: ({ color }) => color }),
        ...widthLegend(
          plot,
          widths.map(({ dim }) => dim),
        ),
      ],
    },
    {
      title: 'Error by method',
      description: `Mean normalized l2 error: ${points.map(({ way, dim, error }) => `${way} at D = ${dim} ${significant(error)}`).join('; ')}.`,
    },
  );
}
