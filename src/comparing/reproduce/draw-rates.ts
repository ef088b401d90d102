// Figure 4: AUC over the learning rate of the step size, a line for each gradient scaling factor.
import { loadPlot, svgOf } from '../../reports/figure.js';

export interface RateLine {
  name: string;
  points: readonly { rate: number; auc: number; deviation: number | null }[];
}

const colors = ['#0072b2', '#d55e00', '#009e73'];
const dashes = ['none', '6,3', '2,3'];

/** Lines with a bar of one standard deviation between seeds. @param split that the AUC is of */
export async function drawRates(lines: readonly RateLine[], split: string, title: string): Promise<string> {
  const plot = await loadPlot();
  const rates = [...new Set(lines.flatMap(({ points }) => points.map(({ rate }) => rate)))].sort(
    (a, b) => a - b,
  );
  const marks = lines.flatMap(({ name, points }, i) => {
    const stroke = colors[i % colors.length];
    // Beside each other: the paper finds that they lie on each other.
    const x = ({ rate }: { rate: number }) => Math.log10(rate) + 0.025 * (i - (lines.length - 1) / 2);
    return [
      plot.line(points, { x, y: 'auc', stroke, strokeWidth: 2, strokeDasharray: dashes[i % dashes.length] }),
      plot.ruleX(
        points.filter(({ deviation }) => deviation !== null),
        {
          x,
          y1: ({ auc, deviation }) => auc - deviation,
          y2: ({ auc, deviation }) => auc + deviation,
          stroke,
        },
      ),
      plot.dot(points, { x, y: 'auc', fill: stroke, r: 3.5 }),
      plot.text(points.slice(-1), {
        x,
        y: 'auc',
        text: () => `g = ${name}`,
        dx: 20,
        dy: 14 * (i - (lines.length - 1) / 2),
        textAnchor: 'start',
        fill: stroke,
      }),
    ];
  });
  return svgOf(
    {
      width: 720,
      height: 360,
      marginLeft: 65,
      marginRight: 110,
      x: {
        label: 'learning rate of the step size',
        ticks: rates.map(Math.log10),
        // A logarithmic axis would leave out labels of its own choice.
        tickFormat: (logarithm: number) => (10 ** logarithm).toExponential(0),
      },
      y: { label: `AUC (${split})`, grid: true, nice: true, tickFormat: '.4f' },
      marks,
    },
    {
      title,
      description:
        'AUC of ALPT over the learning rate of the step size, a line for each gradient scaling factor.',
    },
  );
}
