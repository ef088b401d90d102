// How the figures of the post-training tables tell widths apart: a colour each, and a line of names above the frame.
import type { PlotModule } from '../../reports/figure.js';
import { palette } from '../../reports/figures/palette.js';

/** The colour of the i-th width. */
export function widthColor(i: number): string {
  return palette[i % palette.length].light;
}

/** The names of the widths in their colours, above the frame and from its left. */
export function widthLegend(plot: PlotModule, dims: readonly number[]) {
  return dims.map((dim, i) =>
    plot.text([`● D = ${dim}`], {
      frameAnchor: 'top-left',
      textAnchor: 'start',
      dx: 76 * i,
      dy: -14,
      fill: widthColor(i),
      fontWeight: 600,
    }),
  );
}
