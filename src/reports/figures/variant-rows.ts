// The frame of a figure with one line for each variant, where there is one epoch and so no course of things to show.
import type { PlotOptions } from '../figure.js';
import { figureWidth } from './figure-spec.js';
import { shortened } from './panels.js';

/** @param names in order; a datum's `y` is its variant's place among them */
export function variantRows(names: readonly string[], marginRight = 60): PlotOptions {
  const texts = names.map((name) => shortened(name, 40));
  return {
    width: figureWidth,
    height: 26 * names.length + 58,
    marginLeft: 24 + 6.4 * Math.max(...texts.map((text) => text.length)),
    marginRight,
    marginTop: 12,
    marginBottom: 42,
    y: {
      type: 'band',
      domain: names.map((_, i) => i),
      tickFormat: (i: number) => texts[i],
      tickSize: 0,
      label: null,
    },
  };
}
