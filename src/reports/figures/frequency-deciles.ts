// Where low precision hurts: the difference of logloss to the first variant, from the tenth of the validation rows with
// the rarest features to the tenth with the most frequent ones.

import { pairedDifference } from '../../metrics/paired-difference.js';
import type { Text } from '../content.js';
import { signed } from '../numbers.js';
import { bySeed } from '../summary.js';
import { differenceScale } from './difference-scale.js';
import type { FigureSpec } from './figure-spec.js';
import { accent } from './palette.js';
import { panels } from './panels.js';

export const lossByFrequency: FigureSpec = {
  section: 'frequency',
  title: 'Loss by how frequent the features are',
  draw(comparison, plot) {
    const { seeds, variants } = comparison;
    const [first, ...others] = variants;
    const data = others.flatMap((variant) => {
      const deciles = Array.from({ length: 10 }, (_, i) => i).flatMap((i) => {
        const { mean, low, high } = pairedDifference(
          bySeed(seeds, variant, (cell) => cell.deciles?.[i]?.logloss),
          bySeed(seeds, first, (cell) => cell.deciles?.[i]?.logloss),
        );
        return mean === null ? [] : [{ decile: i + 1, mean, low: low ?? mean, high: high ?? mean }];
      });
      return deciles.length === 0 ? [] : [{ name: variant.name, deciles }];
    });
    if (data.length === 0) return null;
    const { place, titles, options } = panels(
      data.map(({ name }) => name),
      68,
    );
    const points = data.flatMap(({ name, deciles }) =>
      deciles.map((decile) => ({ ...decile, ...place(name) })),
    );
    const scale = differenceScale(
      points.map(({ mean }) => mean),
      points.flatMap(({ low, high }) => [low, high]),
      4,
    );
    const facets = { x: 'decile', fx: 'fx', fy: 'fy' };
    const caption: Text = [
      'Validation rows in ten parts of equal size, by how often training has seen their features: the rarest at 1, the most frequent at 10. Logloss minus that of ',
      { code: first.name },
      ', mean over seeds with its 90 % interval; above 0 is worse.',
      scale.isLogarithmic ? ' The axis is logarithmic on both sides of 0.' : '',
    ];
    return {
      options: {
        ...options,
        x: {
          label: 'decile of feature frequency (1: rarest)',
          labelAnchor: 'center',
          labelArrow: 'none',
          ticks: [1, 4, 7, 10],
          tickFormat: (decile: number) => `${decile}`,
          insetLeft: 6,
          insetRight: 6,
        },
        y: { ...scale.options, label: 'difference of logloss', labelArrow: 'none' },
        marks: [
          plot.gridY({ strokeOpacity: 0.1, ticks: scale.ticks as number[] }),
          plot.ruleY([0], { strokeOpacity: 0.6 }),
          plot.areaY(points, { ...facets, y1: 'low', y2: 'high', fill: accent, fillOpacity: 0.28 }),
          plot.lineY(points, { ...facets, y: 'mean', stroke: accent, strokeWidth: 1.8 }),
          plot.dot(points, { ...facets, y: 'mean', fill: accent, r: 2.2 }),
          titles(plot),
        ],
      },
      description: `Difference of logloss to ${first.name} by decile of feature frequency. Rarest and most frequent: ${data.map(({ name, deciles }) => `${name} ${signed(deciles[0].mean, 5)} and ${signed(deciles[deciles.length - 1].mean, 5)}`).join('; ')}.`,
      caption,
    };
  },
};
