// How training went: the loss within epochs, and validation AUC after each.
import type { Comparison } from '../comparison.js';
import type { Text } from '../content.js';
import type { BandPoint } from './bands.js';
import { type Curve, curvePanels, curvesOf, isOverTime } from './curves.js';
import type { FigureSpec } from './figure-spec.js';

export const trainingLoss: FigureSpec = {
  section: 'learning',
  title: 'Training loss',
  draw(comparison, plot) {
    const curves = curvesOf(comparison, ({ epochs }) =>
      epochs.flatMap(({ epoch, lossCurve }) =>
        // The mean of a stretch of the epoch stands in its middle.
        lossCurve.map((y, i) => ({ x: epoch - 1 + (i + 0.5) / lossCurve.length, y })),
      ),
    );
    if (!isOverTime(curves)) return null;
    return {
      options: curvePanels(plot, curves, {
        label: 'logloss',
        hasDots: false,
        y: { domain: lossDomain(curves) },
      }),
      description: `Training loss over epochs, one panel for each variant. At the end: ${ends(curves, 4)}.`,
      caption: legend(
        comparison,
        'Each point is the mean over a stretch of an epoch, of rows before they are learned from; the axis leaves out the first fall from the initial loss. Where it falls with every new epoch while validation does not rise, the model learns rows by heart.',
      ),
    };
  },
};

export const validationAuc: FigureSpec = {
  section: 'learning',
  title: 'Validation AUC after each epoch',
  draw(comparison, plot) {
    const curves = curvesOf(comparison, ({ epochs }) =>
      epochs.map(({ epoch, validation }) => ({ x: epoch, y: validation?.auc })),
    );
    if (!isOverTime(curves)) return null;
    return {
      options: curvePanels(plot, curves, {
        label: 'validation AUC',
        hasDots: true,
        more: (plot, place) => [
          plot.dot(
            curves.map(({ variant, points }) => ({ ...best(points), ...place(variant.name) })),
            { x: 'x', y: 'mean', fx: 'fx', fy: 'fy', r: 5, stroke: 'currentColor', strokeWidth: 1.5 },
          ),
        ],
      }),
      description: `Validation AUC by epoch, one panel for each variant. Best means: ${curves.map(({ variant, points }) => `${variant.name} ${best(points).mean.toFixed(4)} in epoch ${best(points).x}`).join('; ')}.`,
      caption: legend(comparison, 'A ring marks the epoch with the best mean.'),
    };
  },
};

/** The share of the first epoch whose fall from the initial loss would make all the rest a flat line. */
const beginning = 0.15;

/** From the lowest loss to the highest after the beginning. */
function lossDomain(curves: readonly Curve[]): [number, number] {
  const points = curves.flatMap(({ points }) => points);
  const later = points.filter(({ x }) => x > beginning);
  const shown = later.length > 0 ? later : points;
  return [Math.min(...shown.map(({ low }) => low)), Math.max(...shown.map(({ high }) => high))];
}

function best(points: readonly BandPoint[]) {
  return points.reduce((a, b) => (b.mean > a.mean ? b : a));
}

function ends(curves: readonly Curve[], digits: number): string {
  return curves
    .map(({ variant, points }) => `${variant.name} ${points[points.length - 1].mean.toFixed(digits)}`)
    .join('; ');
}

/** What lines and bands are. */
export function legend({ variants, seeds }: Comparison, more: string): Text {
  const line = seeds.length > 1 ? 'Line: mean over seeds; band: least to most. Dashed: ' : 'Dashed: ';
  return [line, { code: variants[0].name }, `. ${more}`];
}
