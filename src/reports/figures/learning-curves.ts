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
      options: curvePanels(plot, curves, { label: 'logloss', hasDots: false }),
      description: `Training loss over epochs, one panel for each variant. At the end: ${ends(curves, 4)}.`,
      caption: legend(
        comparison,
        'Each point is the mean of up to a twentieth of an epoch’s batches, of rows seen for the first time in that epoch. Where it falls with every new epoch while validation does not rise, the model learns rows by heart.',
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
