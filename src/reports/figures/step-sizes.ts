// How far apart the codes of rows are: percentiles of the learned steps, over epochs where there are several, one line for
// each variant otherwise.
import type { Cell, CellEpoch, Comparison, Variant } from '../comparison.js';
import { finishedCells } from '../summary.js';
import type { FigureSpec } from './figure-spec.js';
import { logTicks } from './log-ticks.js';
import { accent } from './palette.js';
import { panels } from './panels.js';
import { variantRows } from './variant-rows.js';

/** Percentiles of the steps in one epoch, the means of the seeds' own. */
interface Spread {
  readonly epoch: number;
  readonly p1: number;
  readonly p10: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p99: number;
}

const bandsDrawn = [
  ['p1', 'p99', 0.16],
  ['p10', 'p90', 0.2],
  ['p25', 'p75', 0.34],
] as const;

/** `7.5e−4`, `1e−3`. */
const scientific = (step: number) =>
  step.toExponential(1).replace('.0e', 'e').replace('e-', 'e−').replace('e+', 'e');

export const stepSizes: FigureSpec = {
  section: 'steps',
  title: 'Step sizes of the rows',
  draw(comparison, plot) {
    const variants = withSpreads(comparison);
    if (variants.length === 0) return null;
    const last = variants.map(({ variant, spreads }) => ({
      name: variant.name,
      ...spreads[spreads.length - 1],
    }));
    const description = `Percentiles of the rows' steps. Medians after the last epoch: ${last.map(({ name, p50 }) => `${name} ${scientific(p50)}`).join('; ')}.`;
    const bands = 'from dark to light: 25 to 75, 10 to 90 and 1 to 99 % of the rows';
    const meaning =
      'A step is the distance of two neighbouring codes, one for each row; the axis is logarithmic. Rows that are rarely seen keep the step they began with.';
    const all = variants.flatMap(({ spreads }) => spreads);
    const range = [Math.min(...all.map(({ p1 }) => p1)), Math.max(...all.map(({ p99 }) => p99))] as const;
    const ticks = logTicks(range, 3);
    const log = { type: 'log', label: 'step', labelArrow: 'none', ticks, tickFormat: scientific } as const;
    if (variants.some(({ spreads }) => spreads.length > 1)) {
      const { place, titles, options } = panels(
        variants.map(({ variant }) => variant.name),
        64,
      );
      const data = variants.flatMap(({ variant, spreads }) =>
        spreads.map((spread) => ({ ...spread, ...place(variant.name) })),
      );
      const facets = { x: 'epoch', fx: 'fx', fy: 'fy' };
      const epochs = [...new Set(data.map(({ epoch }) => epoch))].sort((a, b) => a - b);
      return {
        options: {
          ...options,
          x: {
            label: 'epoch',
            labelAnchor: 'center',
            labelArrow: 'none',
            ticks: epochs.filter((_, i) => i % Math.ceil(epochs.length / 8) === 0),
            tickFormat: (epoch: number) => `${epoch}`,
          },
          y: log,
          marks: [
            plot.gridY({ strokeOpacity: 0.1, ticks }),
            ...bandsDrawn.map(([y1, y2, fillOpacity]) =>
              plot.areaY(data, { ...facets, y1, y2, fill: accent, fillOpacity }),
            ),
            plot.lineY(data, { ...facets, y: 'p50', stroke: 'currentColor', strokeWidth: 1.8 }),
            titles(plot),
          ],
        },
        description,
        caption: `Line: median; bands, ${bands}; percentiles are means over seeds. ${meaning}`,
      };
    }
    return {
      options: {
        ...variantRows(
          last.map(({ name }) => name),
          70,
        ),
        x: { ...log, labelAnchor: 'center' },
        marks: [
          plot.gridX({ strokeOpacity: 0.12, ticks }),
          ...bandsDrawn.map(([x1, x2, fillOpacity]) =>
            plot.barX(last, {
              y: (_, y) => y,
              x1,
              x2,
              fill: accent,
              fillOpacity: fillOpacity + 0.1,
              insetTop: 5,
              insetBottom: 5,
            }),
          ),
          plot.tickX(last, { y: (_, y) => y, x: 'p50', strokeWidth: 2, insetTop: 2, insetBottom: 2 }),
          plot.text(last, {
            y: (_, y) => y,
            text: ({ p50 }) => scientific(p50),
            frameAnchor: 'right',
            textAnchor: 'start',
            dx: 12,
            fontVariant: 'tabular-nums',
          }),
        ],
      },
      description,
      caption: `Line and number: median; bars, ${bands}; percentiles are means over seeds. ${meaning}`,
    };
  },
};

function withSpreads({ variants }: Comparison): { variant: Variant; spreads: Spread[] }[] {
  return variants.flatMap((variant) => {
    const spreads = spreadsOf(finishedCells(variant));
    return spreads.length === 0 ? [] : [{ variant, spreads }];
  });
}

function spreadsOf(cells: readonly Cell[]): Spread[] {
  const byEpoch = new Map<number, number[][]>();
  for (const { epoch, table } of cells.flatMap(({ epochs }): CellEpoch[] => epochs)) {
    // 101 numbers above 0, as a logarithmic axis needs them.
    const percentiles = table?.stepPercentiles;
    if (percentiles?.length !== 101 || !(percentiles[0] > 0)) continue;
    byEpoch.set(epoch, [...(byEpoch.get(epoch) ?? []), percentiles]);
  }
  return [...byEpoch]
    .sort(([a], [b]) => a - b)
    .map(([epoch, lists]) => {
      const at = (i: number) => lists.reduce((sum, list) => sum + list[i], 0) / lists.length;
      return {
        epoch,
        p1: at(1),
        p10: at(10),
        p25: at(25),
        p50: at(50),
        p75: at(75),
        p90: at(90),
        p99: at(99),
      };
    });
}
